/** The view that each panel shows; the run ignores it. */

import { type Signal, signal } from "@preact/signals";

export type Area = "side" | "centre" | "plane" | "below" | "notes";

/** null for the panel's first view. */
export const chosen: Readonly<Record<Area, Signal<string | null>>> = {
  side: signal(null),
  centre: signal(null),
  plane: signal(null),
  below: signal(null),
  notes: signal(null),
};

export function show(area: Area, view: string): void {
  chosen[area].value = view;
}
