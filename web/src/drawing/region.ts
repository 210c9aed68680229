/** Predictions over the plane as colours: the most probable class and its probability, or values. */

import type { Theme } from "./colours";
import { classRamp, colourAt, type Ramp, signRamp, VALUE_RAMP } from "./ramps";

/** A grid over the plane, lowest row first; the values of a position are adjacent. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** Number of values at each position: one for each class, or 1. */
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

/** Pixels of one class's probability, from the background to its colour. */
export function oneClassPixels(grid: Grid, theme: Theme, index: number): Pixels {
  const ramp = classRamp(index, theme);
  const { depth, values } = grid;
  return pixels(grid, (cell) => colourAt(ramp, values[cell * depth] as number));
}

/** Pixels of one number at every position, from orange to blue between -scale and scale. */
export function signedPixels(grid: Grid, theme: Theme, scale: number): Pixels {
  const ramp = signRamp(theme);
  const { depth, values } = grid;
  return pixels(grid, (cell) => colourAt(ramp, ((values[cell * depth] as number) / scale + 1) / 2));
}

/** Pixels of predicted numbers, from the lowest target to the highest. */
export function valuePixels(grid: Grid, [low, high]: readonly [number, number]): Pixels {
  const { depth, values } = grid;
  const range = high - low || 1;
  return pixels(grid, (cell) =>
    colourAt(VALUE_RAMP, ((values[cell * depth] as number) - low) / range),
  );
}

/**
 * Return the class with the highest probability at a position, and that probability. A single value is the
 * probability of the second class.
 */
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
    // Pixel rows count from the top, rows of the plane from the bottom.
    const first = columns * (rows - 1 - row);
    for (let column = 0; column < columns; column++) {
      result[first + column] = colour(row * columns + column);
    }
  }
  return new Uint8ClampedArray(result.buffer);
}
