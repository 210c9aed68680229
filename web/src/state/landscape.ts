/** The slice of the loss that was asked for: it comes part by part, and only for as long as it is looked at. */

import { computed, signal } from "@preact/signals";
import type { BinaryMessage, Numbers } from "../wire/frames";
import type { LandscapeHeader, LandscapePartHeader } from "../wire/protocol";
import { getBinary, Refused } from "../wire/requests";
import { frame, state } from "./session";

export type Directions = "auto" | "path" | "random";
export type Part = "train" | "test";

export interface SliceOptions {
  readonly directions: Directions;
  readonly of: Part;
  readonly n_points: number;
  /** null is the usual one of the directions. */
  readonly span: number | null;
  readonly seed: number;
}

export const sliceOptions = signal<SliceOptions>({
  directions: "auto",
  of: "train",
  n_points: 25,
  span: null,
  seed: 0,
});

export interface Landscape {
  readonly header: LandscapeHeader;
  readonly first: Numbers;
  readonly second: Numbers;
  /** Row by row, NaN where they are still to come. */
  readonly losses: Float64Array;
  readonly path: { epochs: Numbers; positions: Numbers; losses: Numbers } | null;
  /** What places a network in the slice; null where that would be too much to send. */
  readonly places: { center: Numbers; projection: Numbers } | null;
}

/** The latest, whose losses may still be coming. */
export const latest = signal<Landscape | null>(null);
/** How much of it has come, from 0 to 1; null while nothing is under way. */
export const progress = signal<number | null>(null);
export const trouble = signal<string | null>(null);

/** Of this run: another run's landscape is no picture of this one. */
export const landscape = computed(() =>
  latest.value?.header.run === state.value?.run.id ? latest.value : null,
);

let turn = 0;

/** Computes a slice through the network that is shown; another that is under way is given up. */
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

/** Gives up what is under way; what is not whole is not shown. */
export function cancel(): void {
  if (progress.peek() === null) return;
  turn++;
  progress.value = null;
  latest.value = null;
}

function query({ span, ...asked }: SliceOptions): Record<string, string | number> {
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
  // What is no number any more has grown beyond all bounds.
  const losses = Array.from(found?.values ?? [], (loss) => (Number.isNaN(loss) ? Infinity : loss));
  begun.losses.set(losses, row * begun.first.length);
  // Another object, so that what draws it hears of it.
  latest.value = { ...begun };
  return row + (found?.shape[0] ?? begun.second.length);
}

/** Where the network of the newest frame stands in the slice. */
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

/** The loss at the computed place nearest to one of the slice. */
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
