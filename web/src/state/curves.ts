/** The curves of the newest frame. */

import { computed } from "@preact/signals";
import { readable } from "./session";

export interface Curve {
  readonly name: string;
  readonly dashed: boolean;
  readonly values: Float64Array | (number | null)[];
}

export interface Curves {
  readonly epochs: ArrayLike<number> & number[];
  readonly lines: readonly Curve[];
}

const LINES = [
  { array: "curve_loss", name: "train", dashed: false },
  { array: "curve_validation_loss", name: "test", dashed: true },
];

export const curves = computed<Curves>(() => {
  const arrays = readable.value?.arrays;
  const epochs = Array.from(arrays?.get("curve_epoch")?.values ?? []);
  const lines = LINES.flatMap(({ array, name, dashed }) => {
    const values = arrays?.get(array)?.values;
    return values ? [{ name, dashed, values: Array.from(values, known) }] : [];
  });
  return { epochs, lines };
});

/** What is not finite is a gap. */
function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
