/** What a network says over the plane, as colours: classes by who wins and how surely, numbers by size. */

import { classColour, diverging, mix, type Rgb, sequential, type Theme } from "./colours";

/** A grid over the plane, its first row the lowest, its values beside one another for every place. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** Values at each place: the probability of every class, or one number. */
  readonly depth: number;
  readonly values: ArrayLike<number>;
}

/** The pixels of class probabilities: the winner's colour, the paler the nearer to a guess. */
export function classPixels(grid: Grid, theme: Theme): Uint8ClampedArray<ArrayBuffer> {
  const count = Math.max(2, grid.depth);
  const ramps = Array.from({ length: count }, (_, index) => classRamp(index, theme));
  return pixels(grid, (start) => {
    const [winner, probability] = winnerAt(grid, start);
    const certainty = (probability - 1 / count) / (1 - 1 / count);
    return (ramps[winner] as readonly Rgb[])[
      Math.round(Math.min(1, Math.max(0, certainty)) * (STEPS - 1))
    ] as Rgb;
  });
}

/** The pixels of one class's probability, from the paper to its colour. */
export function oneClassPixels(
  grid: Grid,
  theme: Theme,
  index: number,
): Uint8ClampedArray<ArrayBuffer> {
  const ramp = classRamp(index, theme);
  return pixels(
    grid,
    (start) => ramp[Math.round((grid.values[start] as number) * (STEPS - 1))] as Rgb,
  );
}

/** The pixels of one number at every place, from orange to blue between -scale and scale. */
export function signedPixels(
  grid: Grid,
  theme: Theme,
  scale: number,
): Uint8ClampedArray<ArrayBuffer> {
  const ramp = signRamp(theme);
  return pixels(grid, (start) => {
    const share = Math.min(1, Math.max(-1, (grid.values[start] as number) / scale));
    return ramp[Math.round(((share + 1) / 2) * (STEPS - 1))] as Rgb;
  });
}

/** The pixels of predicted numbers, from the lowest target to the highest. */
export function valuePixels(
  grid: Grid,
  [low, high]: readonly [number, number],
): Uint8ClampedArray<ArrayBuffer> {
  const ramp = Array.from({ length: STEPS }, (_, step) => sequential(step / (STEPS - 1)));
  return pixels(grid, (start) => {
    const share = ((grid.values[start] as number) - low) / (high - low || 1);
    return ramp[Math.round(Math.min(1, Math.max(0, share)) * (STEPS - 1))] as Rgb;
  });
}

/** The class with the highest probability at a place, and that probability; one value speaks for the second of two. */
export function winnerAt(grid: Grid, start: number): [winner: number, probability: number] {
  const { depth, values } = grid;
  if (depth === 1) {
    const second = values[start] as number;
    return second > 0.5 ? [1, second] : [0, 1 - second];
  }
  let winner = 0;
  for (let index = 1; index < depth; index++) {
    if ((values[start + index] as number) > (values[start + winner] as number)) winner = index;
  }
  return [winner, values[start + winner] as number];
}

const STEPS = 65;

function classRamp(index: number, theme: Theme): readonly Rgb[] {
  const most = theme.dark ? 0.62 : 0.55;
  return Array.from({ length: STEPS }, (_, step) =>
    mix(theme.paper, classColour(index), 0.06 + (most - 0.06) * (step / (STEPS - 1))),
  );
}

const signRamps = new Map<boolean, readonly Rgb[]>();

export function signRamp(theme: Theme): readonly Rgb[] {
  let ramp = signRamps.get(theme.dark);
  if (!ramp) {
    ramp = Array.from({ length: STEPS }, (_, step) =>
      diverging((2 * step) / (STEPS - 1) - 1, theme),
    );
    signRamps.set(theme.dark, ramp);
  }
  return ramp;
}

function pixels(grid: Grid, colour: (start: number) => Rgb): Uint8ClampedArray<ArrayBuffer> {
  const { columns, rows, depth } = grid;
  const result = new Uint8ClampedArray(4 * columns * rows);
  for (let row = 0; row < rows; row++) {
    // Pixels count from the top, the plane from below.
    let at = 4 * columns * (rows - 1 - row);
    for (let column = 0; column < columns; column++) {
      const [red, green, blue] = colour((row * columns + column) * depth);
      result[at++] = red;
      result[at++] = green;
      result[at++] = blue;
      result[at++] = 255;
    }
  }
  return result;
}
