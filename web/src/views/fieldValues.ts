/** Values of a number field, and the steps of its buttons. */

import { stepInPowers } from "./numbers";

export interface NumberLimits {
  whole?: boolean | undefined;
  low?: number | null | undefined;
  high?: number | null | undefined;
  /** True if the lower limit itself is excluded. */
  aboveLow?: boolean | undefined;
}

/** Return the typed number; null if it is not a number or outside the limits. */
export function parse(text: string, limits: NumberLimits): number | null {
  const value = Number(text.trim().replace("−", "-").replace(",", "."));
  if (text.trim() === "" || !Number.isFinite(value)) return null;
  if (limits.whole && !Number.isInteger(value)) return null;
  return inside(value, limits) ? value : null;
}

function inside(value: number, { low, high, aboveLow }: NumberLimits): boolean {
  const above = low === null || low === undefined || (aboveLow ? value > low : value >= low);
  return above && (high === null || high === undefined || value <= high);
}

/** Return the next number up or down; the same number at a limit. */
export function neighbour(
  value: number,
  direction: 1 | -1,
  props: NumberLimits & { powers?: boolean },
): number {
  if (!props.powers) return within(value + direction, props, value);
  if (value === 0) return direction > 0 ? 1e-4 : 0;
  if (direction < 0 && value <= 1e-6) return within(0, props, value);
  return within(stepInPowers(value, direction), props, value);
}

function within(next: number, limits: NumberLimits, otherwise: number): number {
  return inside(next, limits) ? next : otherwise;
}

/** Return a number with all its digits, because the field must show the exact value. */
export function plain(value: number): string {
  return String(value);
}
