/** Decision boundaries: the lines between predicted classes. */

import { contours } from "d3-contour";
import type { PlaneFrame } from "./plane";
import type { Grid } from "./region";

/** Add the boundaries between classes to a path, in the pixels of a frame. */
export function traceBoundaries(path: CanvasPath, grid: Grid, frame: PlaneFrame): void {
  const { columns, rows, depth } = grid;
  const lines = contours().size([columns, rows]).thresholds([0]);
  const place = (x: number, y: number): [number, number] => [
    frame.left + (x / columns) * frame.width,
    frame.top + frame.height - (y / rows) * frame.height,
  ];
  // Two classes have the same boundary, so one of them is enough.
  for (let index = 0; index < (depth <= 2 ? 1 : depth); index++) {
    for (const { coordinates } of lines(margins(grid, index))) {
      for (const ring of coordinates.flat()) traceRing(path, ring as [number, number][], place);
    }
  }
}

/** Return a class's lead over the best other class at every position. */
export function margins(grid: Grid, index: number): number[] {
  const { columns, rows, depth, values } = grid;
  const result = new Array<number>(columns * rows);
  for (let cell = 0; cell < result.length; cell++) {
    const start = cell * depth;
    let best = depth === 1 ? 0.5 : Number.NEGATIVE_INFINITY;
    for (let other = 0; other < depth; other++) {
      if (other !== index) best = Math.max(best, values[start + other] as number);
    }
    result[cell] = (values[start + index] as number) - best;
  }
  return result;
}

function traceRing(
  path: CanvasPath,
  ring: readonly [number, number][],
  place: (x: number, y: number) => [number, number],
): void {
  ring.forEach(([x, y], number) => {
    const [right, down] = place(x, y);
    if (number === 0) path.moveTo(right, down);
    else path.lineTo(right, down);
  });
}
