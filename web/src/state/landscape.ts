/** The requested slice of the loss, which arrives in parts while a view shows it. */

import { computed, signal } from "@preact/signals";
import type { BinaryMessage, Numbers } from "../wire/frames";
import type { LandscapeHeader, LandscapePartHeader } from "../wire/protocol/headers";
import { getBinary, Refused } from "../wire/requests";
import { frame, state } from "./session";

export type Directions = "auto" | "path" | "random";
export type Part = "train" | "test";

export interface SliceOptions {
  readonly directions: Directions;
  readonly part: Part;
  readonly n_points: number;
  /** null for the default of the directions. */
  readonly span: number | null;
  readonly seed: number;
}

export const sliceOptions = signal<SliceOptions>({
  directions: "auto",
  part: "train",
  n_points: 25,
  span: null,
  seed: 0,
});

export interface Landscape {
  readonly header: LandscapeHeader;
  readonly first: Numbers;
  readonly second: Numbers;
  /** Row by row; NaN for losses that have not arrived. */
  readonly losses: Float64Array;
  readonly path: { epochs: Numbers; positions: Numbers; losses: Numbers } | null;
  /** Projection of a network onto the slice; null for networks that are too large to send it. */
  readonly places: { center: Numbers; projection: Numbers } | null;
}

/** The latest slice, whose losses may still be arriving. */
export const latest = signal<Landscape | null>(null);
/** Fraction that has arrived; null if no slice is being computed. */
export const progress = signal<number | null>(null);
export const trouble = signal<string | null>(null);

/** The slice of this run; null if it belongs to another run. */
export const landscape = computed(() =>
  latest.value?.header.run === state.value?.run.id ? latest.value : null,
);

let turn = 0;

/** Compute a slice through the displayed network; cancels one in progress. */
export async function compute(): Promise<void> {
  const mine = ++turn;
  trouble.value = null;
  progress.value = 0;
  try {
    const begun = begin(
      await getBinary<LandscapeHeader>("/api/ask/landscape", query(sliceOptions.peek())),
    );
    for (let row = 0; row < begun.second.length && mine === turn; ) {
      if (row === 0) latest.value = begun;
      const part = await getBinary<LandscapePartHeader>("/api/ask/landscape_part", {
        landscape: begun.header.landscape,
        from: row,
      });
      if (mine !== turn) return;
      row = fill(begun, row, part);
      progress.value = row / begun.second.length;
    }
  } catch (error) {
    if (mine !== turn) return;
    latest.value = null;
    trouble.value = error instanceof Refused ? error.message : "The server did not answer.";
  } finally {
    if (mine === turn) progress.value = null;
  }
}

/** Cancel the slice in progress; incomplete slices are not shown. */
export function cancel(): void {
  if (progress.peek() === null) return;
  turn++;
  progress.value = null;
  latest.value = null;
}

function query({ span, part, ...others }: SliceOptions): Record<string, string | number> {
  const asked = { ...others, of: part };
  return span === null ? asked : { ...asked, span };
}

function begin({ header, arrays }: BinaryMessage<LandscapeHeader>): Landscape {
  const values = (name: string) => arrays.get(name)?.values;
  const [first, second] = [values("first") ?? [], values("second") ?? []] as [Numbers, Numbers];
  const [epochs, positions, losses] = [values("path_epoch"), values("path"), values("path_loss")];
  const [center, projection] = [values("center"), values("projection")];
  return {
    header,
    first,
    second,
    losses: new Float64Array(first.length * second.length).fill(Number.NaN),
    path: epochs && positions && losses ? { epochs, positions, losses } : null,
    places: center && projection ? { center, projection } : null,
  };
}

function fill(begun: Landscape, row: number, part: BinaryMessage<LandscapePartHeader>): number {
  const found = part.arrays.get("losses");
  // NaN stands for a loss that has overflowed.
  const losses = Array.from(found?.values ?? [], (loss) => (Number.isNaN(loss) ? Infinity : loss));
  begun.losses.set(losses, row * begun.first.length);
  // A new object, so that views redraw.
  latest.value = { ...begun };
  return row + (found?.shape[0] ?? begun.second.length);
}

/** Position of the newest frame's network in the slice. */
export const present = computed<[number, number] | null>(() => {
  const here = landscape.value;
  if (!here) return null;
  if (!here.places) return frame.value?.header.epoch === here.header.epoch ? [0, 0] : null;
  const parameters = frame.value?.arrays.get("parameters")?.values;
  const { center, projection } = here.places;
  if (!parameters || parameters.length > center.length) return null;
  let [right, up] = [0, 0];
  for (let at = 0; at < parameters.length; at++) {
    const away = (parameters[at] as number) - (center[at] as number);
    right += away * (projection[at] as number);
    up += away * (projection[center.length + at] as number);
  }
  return [right, up];
});

/** Return the loss at the grid point nearest to a position. */
export function lossAt(here: Landscape, x: number, y: number) {
  const [column, row] = [nearest(here.first, x), nearest(here.second, y)];
  return {
    first: here.first[column] as number,
    second: here.second[row] as number,
    loss: here.losses[row * here.first.length + column] as number,
  };
}

function nearest(positions: Numbers, value: number): number {
  const last = positions.length - 1;
  const [low, high] = [positions[0] as number, positions[last] as number];
  return Math.min(last, Math.max(0, Math.round(((value - low) / (high - low)) * last)));
}
