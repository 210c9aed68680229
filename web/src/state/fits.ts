/** Predictions of a regression beside the targets. */

import { computed, signal } from "@preact/signals";
import type { Rows } from "../drawing/scatter";
import { data, frame, state } from "./session";

export const LOOKS = ["predicted by actual", "residual by predicted"] as const;
export type Look = (typeof LOOKS)[number];
export const look = signal<Look>(LOOKS[0]);

export const PARTS = ["train", "test"] as const;
export type Part = (typeof PARTS)[number];

/** The drawn samples of both parts; null until a frame has them. */
export const rows = computed<Record<Part, Rows> | null>(() => {
  const [train, test] = PARTS.map(rowsOf);
  return train && test ? { train, test } : null;
});

export const said = computed(() => frame.value?.header.fit ?? null);
export const target = computed(() => state.value?.data.target ?? "target");

function rowsOf(part: Part): Rows | null {
  // The previous frame may still be shown; its predictions belong to other samples.
  if (frame.value?.header.run !== data.value?.header.run) return null;
  const arrays = frame.value?.arrays;
  const actual = data.value?.arrays.get(`${part}_targets`)?.values;
  const predicted = arrays?.get(`${part}_predictions`)?.values;
  const residual = arrays?.get(`${part}_residuals`)?.values;
  if (!actual || !predicted || !residual || predicted.length !== actual.length) return null;
  return { actual, predicted, residual };
}
