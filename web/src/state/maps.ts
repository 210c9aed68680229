/** Every unit's activations over the plane, as views of the frame's arrays. */

import { computed } from "@preact/signals";
import type { Grid } from "../drawing/region";
import { sizes } from "./network";
import { asGrid } from "./plane";
import { glimpsed } from "./session";

/** Layer by layer, inputs first; null if unavailable. */
export const unitMaps = computed<(Grid | null)[][]>(() => [
  cut("inputs", [sizes.value[0] ?? 0]).flat(),
  ...cut("units", glimpsed.value?.header.units_drawn ?? []),
  outputs(),
]);

function cut(name: string, counts: readonly number[]): Grid[][] {
  const array = glimpsed.value?.arrays.get(name);
  if (!array) return counts.map(() => []);
  const [units = 0, rows = 0, columns = 0] = array.shape;
  const length = rows * columns;
  let unit = 0;
  return counts.map((count) =>
    Array.from({ length: Math.min(count, units) }, () => {
      const start = unit++ * length;
      return { rows, columns, depth: 1, values: array.values.subarray(start, start + length) };
    }),
  );
}

/** Each output has its part of the region; the single output for two classes has all of it. */
function outputs(): Grid[] {
  const all = asGrid(glimpsed.value?.arrays.get("region"));
  return all ? Array.from({ length: all.depth }, (_, index) => thinned(all, index)) : [];
}

/** Reduce the region to the resolution of the other units' maps. */
const CELLS = 24;

function thinned(all: Grid, index: number): Grid {
  const step = Math.max(1, Math.floor(all.columns / CELLS));
  const [rows, columns] = [Math.ceil(all.rows / step), Math.ceil(all.columns / step)];
  const values = new Float32Array(rows * columns);
  const middle = (place: number, count: number) =>
    Math.min(count - 1, place * step + Math.floor(step / 2));
  for (let row = 0; row < rows; row++) {
    const first = middle(row, all.rows) * all.columns;
    for (let column = 0; column < columns; column++) {
      const cell = first + middle(column, all.columns);
      values[row * columns + column] = all.values[cell * all.depth + index] as number;
    }
  }
  return { rows, columns, depth: 1, values };
}
