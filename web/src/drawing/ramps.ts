/** Colour ramps as tables of pixels: from background to a class, from sign to sign, from low to high. */

import { classColour, diverging, mix, type Rgb, sequential, type Theme } from "./colours";

/** Colours from one end to the other, each in the layout of a pixel in memory. */
export type Ramp = Uint32Array;

const STEPS = 65;

/** Return the colour at a fraction of the ramp; fractions outside 0 to 1 are clamped. */
export function colourAt(ramp: Ramp, fraction: number): number {
  const step = Math.round(fraction * (STEPS - 1));
  // NaN has the first colour.
  return ramp[step > 0 ? Math.min(step, STEPS - 1) : 0] as number;
}

function rampOf(colour: (fraction: number) => Rgb): Ramp {
  const bytes = new Uint8Array(4 * STEPS);
  for (let step = 0; step < STEPS; step++)
    bytes.set([...colour(step / (STEPS - 1)), 255], 4 * step);
  return new Uint32Array(bytes.buffer);
}

const kept = new Map<string, Ramp>();

/** Return a ramp from a cache. */
function ramp(name: string, colour: (fraction: number) => Rgb): Ramp {
  let found = kept.get(name);
  if (!found) {
    found = rampOf(colour);
    kept.set(name, found);
  }
  return found;
}

/** From nearly the background to a light form of a class's colour, on which data stays visible. */
export function classRamp(index: number, theme: Theme): Ramp {
  const most = theme.dark ? 0.62 : 0.55;
  return ramp(`class ${index} ${theme.dark}`, (fraction) =>
    mix(theme.paper, classColour(index), 0.06 + (most - 0.06) * fraction),
  );
}

/** From background to ink. */
export function inkRamp(theme: Theme): Ramp {
  return ramp(`ink ${theme.dark}`, (fraction) => mix(theme.paper, theme.ink, fraction));
}

/** From orange over the background to blue. */
export function signRamp(theme: Theme): Ramp {
  return ramp(`sign ${theme.dark}`, (fraction) => diverging(2 * fraction - 1, theme));
}

/** From the lowest target to the highest. */
export const VALUE_RAMP = rampOf(sequential);
