/** Colours that colour-blind readers can distinguish; colour is never the only sign. */

export type Rgb = readonly [number, number, number];

/**
 * Okabe and Ito 2008. The first two are swapped relative to the library's plots: a positive logit means the second of
 * two classes, and positive numbers are blue. The last three are for data of up to ten classes.
 */
export const CLASS_COLOURS: readonly Rgb[] = [
  [230, 159, 0],
  [0, 114, 178],
  [0, 158, 115],
  [213, 94, 0],
  [86, 180, 233],
  [204, 121, 167],
  [240, 228, 66],
  [112, 116, 122],
  [94, 60, 153],
  [140, 81, 10],
];

export const NEGATIVE: Rgb = [213, 94, 0];
export const POSITIVE: Rgb = [0, 114, 178];
export const POSITIVE_ON_DARK: Rgb = [64, 162, 224];

/** Colours of background, ink and lines, by the system's preference for light or dark. */
export interface Theme {
  readonly dark: boolean;
  readonly paper: Rgb;
  readonly ink: Rgb;
  readonly muted: Rgb;
  readonly line: Rgb;
}

export const LIGHT: Theme = {
  dark: false,
  paper: [255, 255, 255],
  ink: [28, 30, 34],
  muted: [91, 96, 104],
  line: [221, 219, 212],
};

export const DARK: Theme = {
  dark: true,
  paper: [27, 30, 36],
  ink: [236, 234, 228],
  muted: [166, 171, 181],
  line: [58, 62, 71],
};

export function css([red, green, blue]: Rgb, alpha = 1): string {
  return alpha >= 1 ? `rgb(${red} ${green} ${blue})` : `rgb(${red} ${green} ${blue} / ${alpha})`;
}

/** Return the colour at a fraction of the way from one colour to another. */
export function mix(from: Rgb, to: Rgb, fraction: number): Rgb {
  const at = (channel: 0 | 1 | 2) =>
    Math.round(from[channel] + (to[channel] - from[channel]) * fraction);
  return [at(0), at(1), at(2)];
}

export function classColour(index: number): Rgb {
  return CLASS_COLOURS[index % CLASS_COLOURS.length] as Rgb;
}

export function signColour(value: number, theme: Theme): Rgb {
  if (value < 0) return NEGATIVE;
  return theme.dark ? POSITIVE_ON_DARK : POSITIVE;
}

/** Return a colour from orange over the background to blue, for a number from -1 to 1. */
export function diverging(value: number, theme: Theme): Rgb {
  const strength = Math.min(1, Math.abs(value));
  return mix(theme.paper, signColour(value, theme), 0.85 * strength);
}

// Seven stops of cividis (Nuñez, Anderton, Renslow 2018), which colour-blind readers see alike.
const CIVIDIS: readonly Rgb[] = [
  [0, 34, 78],
  [53, 69, 108],
  [90, 102, 112],
  [124, 123, 120],
  [161, 150, 113],
  [203, 186, 105],
  [254, 232, 56],
];

/** Return the colour of cividis for a number from 0 to 1. */
export function sequential(value: number): Rgb {
  const place = Math.min(1, Math.max(0, value)) * (CIVIDIS.length - 1);
  const below = Math.min(CIVIDIS.length - 2, Math.floor(place));
  return mix(CIVIDIS[below] as Rgb, CIVIDIS[below + 1] as Rgb, place - below);
}
