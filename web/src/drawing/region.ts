/** Predictions over the plane as colours: the most probable class and its probability, or values. */

import type { Theme } from "./colours";
import { classRamp, colourAt, type Ramp, signRamp, VALUE_RAMP } from "./ramps";

/** A grid over the plane, its first row the lowest, its values beside one another for every place. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** Values at each place: the probability of every class, or one number. */
  readonly depth: number;
  readonly values: ArrayLike<number>;
}

/** Pixels of class probabilities: the colour of the most probable class, paler when less certain. */
export function classPixels(grid: Grid, theme: Theme): Pixels {
  const { depth, values } = grid;
  const count = Math.max(2, depth);
  const ramps = Array.from({ length: count }, (_, index) => classRamp(index, theme));
  const [first, second] = ramps as [Ramp, Ramp];
  if (depth === 1) {
    return pixels(grid, (cell) => {
      const fraction = values[cell] as number;
      return fraction > 0.5
        ? colourAt(second, 2 * fraction - 1)
        : colourAt(first, 1 - 2 * fraction);
    });
  }
  return pixels(grid, (cell) => {
    const start = cell * depth;
    const winner = winnerFrom(grid, start);
    const probability = values[start + winner] as number;
    return colourAt(ramps[winner] as Ramp, (probability - 1 / count) / (1 - 1 / count));
  });
}

/** The pixels of one class's probability, from the paper to its colour. */
export function oneClassPixels(grid: Grid, theme: Theme, index: number): Pixels {
  const ramp = classRamp(index, theme);
  const { depth, values } = grid;
  return pixels(grid, (cell) => colourAt(ramp, values[cell * depth] as number));
}

/** The pixels of one number at every place, from orange to blue between -scale and scale. */
export function signedPixels(grid: Grid, theme: Theme, scale: number): Pixels {
  const ramp = signRamp(theme);
  const { depth, values } = grid;
  return pixels(grid, (cell) => colourAt(ramp, ((values[cell * depth] as number) / scale + 1) / 2));
}

/** The pixels of predicted numbers, from the lowest target to the highest. */
export function valuePixels(grid: Grid, [low, high]: readonly [number, number]): Pixels {
  const { depth, values } = grid;
  const range = high - low || 1;
  return pixels(grid, (cell) =>
    colourAt(VALUE_RAMP, ((values[cell * depth] as number) - low) / range),
  );
}

/** The class with the highest probability at a place, and that probability; one value speaks for the second of two. */
export function winnerAt(grid: Grid, start: number): [winner: number, probability: number] {
  const { depth, values } = grid;
  if (depth === 1) {
    const second = values[start] as number;
    return second > 0.5 ? [1, second] : [0, 1 - second];
  }
  const winner = winnerFrom(grid, start);
  return [winner, values[start + winner] as number];
}

function winnerFrom({ depth, values }: Grid, start: number): number {
  let winner = 0;
  for (let index = 1; index < depth; index++) {
    if ((values[start + index] as number) > (values[start + winner] as number)) winner = index;
  }
  return winner;
}

type Pixels = Uint8ClampedArray<ArrayBuffer>;

function pixels({ columns, rows }: Grid, colour: (cell: number) => number): Pixels {
  const result = new Uint32Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    // Pixels count from the top, the plane from below.
    const first = columns * (rows - 1 - row);
    for (let column = 0; column < columns; column++) {
      result[first + column] = colour(row * columns + column);
    }
  }
  return new Uint8ClampedArray(result.buffer);
}
