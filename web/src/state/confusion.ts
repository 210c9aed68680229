/** Confusion matrix of the test samples. */

import { computed, signal } from "@preact/signals";
import { classes } from "./plane";
import { readable } from "./session";

export const inFractions = signal(false);

/** With more classes than these, a list of the most frequent confusions replaces the matrix. */
export const MOST_CLASSES = 12;

export interface Confused {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Fraction of the samples of its true class. */
  readonly fraction: number;
}

export interface Confusion {
  readonly size: number;
  /** One row for each true class, one column for each predicted class. */
  readonly counts: ArrayLike<number>;
  readonly totals: readonly number[];
  readonly right: number;
  readonly total: number;
}

export const confusion = computed<Confusion | null>(() => {
  const counts = readable.value?.arrays.get("confusion");
  const size = classes.value.length;
  if (!counts || counts.shape[0] !== size) return null;
  return confusionOf(counts.values, size);
});

export function confusionOf(counts: ArrayLike<number>, size: number): Confusion {
  const indices = Array.from({ length: size }, (_, index) => index);
  const totals = indices.map((row) =>
    indices.reduce((sum, column) => sum + (counts[row * size + column] as number), 0),
  );
  const right = indices.reduce((sum, row) => sum + (counts[row * size + row] as number), 0);
  return { size, counts, totals, right, total: totals.reduce((sum, each) => sum + each, 0) };
}

/** The most frequent confusions, in descending order. */
export function mostConfused({ size, counts, totals }: Confusion, most: number): Confused[] {
  const all: Confused[] = [];
  for (let from = 0; from < size; from++) {
    for (let to = 0; to < size; to++) {
      const count = counts[from * size + to] as number;
      if (from !== to && count > 0)
        all.push({ from, to, count, fraction: count / (totals[from] || 1) });
    }
  }
  return all.sort((one, other) => other.count - one.count).slice(0, most);
}
