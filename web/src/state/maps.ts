/** What every unit says over the plane, cut out of the frame's arrays. */

import { computed } from "@preact/signals";
import type { Grid } from "../drawing/region";
import { sizes } from "./network";
import { region } from "./plane";
import { frame } from "./session";

/** Layer by layer, inputs first; null where it is not known. */
export const unitMaps = computed<(Grid | null)[][]>(() => [
  cut("inputs", [sizes.value[0] ?? 0]).flat(),
  ...cut("units", frame.value?.header.units_drawn ?? []),
  outputs(),
]);

function cut(name: string, counts: readonly number[]): Grid[][] {
  const array = frame.value?.arrays.get(name);
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

/** Of the region each output has its own part; the one output of two classes has all of it. */
function outputs(): Grid[] {
  const all = region.value;
  if (!all) return [];
  const { rows, columns, depth, values } = all;
  return Array.from({ length: depth }, (_, index) => ({
    rows,
    columns,
    depth: 1,
    values: Float32Array.from(
      { length: rows * columns },
      (_, cell) => values[cell * depth + index] as number,
    ),
  }));
}
