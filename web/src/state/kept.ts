/** The kept runs, their curves, and commands for them. */

import { computed, effect, signal } from "@preact/signals";
import type { NumberArray } from "../wire/frames";
import type { KeptRun } from "../wire/protocol/events";
import type { KeptHeader } from "../wire/protocol/headers";
import { getBinary } from "../wire/requests";
import { kept, refuse, send } from "./session";

export type Curves = ReadonlyMap<string, NumberArray>;

export const keptRuns = computed<readonly KeptRun[]>(() => kept.value?.runs ?? []);

/** Latest message about keeping and restoring, for screen readers. */
export const announcement = signal("");

export function keep(): void {
  send({ do: "keep" });
}

export function rename(run: KeptRun, name: string): void {
  send({ do: "rename", run: run.number, name });
}

export function forget(run: KeptRun | "all"): void {
  send({ do: "forget", run: run === "all" ? "all" : run.number });
}

export function restore(run: KeptRun): void {
  send({ do: "restore", run: run.number });
  const again = manualEdits(run);
  announcement.value = `${run.name} is made again, up to epoch ${run.epoch}${again && `, with ${again}`}.`;
}

/** Describe the changes made by hand during the run; empty if there were none. */
export function manualEdits({ rates, n_written }: KeptRun): string {
  const parts = rates.slice(0, 3).map(([epoch, rate]) => `rate ${rate} after epoch ${epoch}`);
  if (rates.length > 3) parts.push(`${rates.length - 3} more rates`);
  if (n_written > 0)
    parts.push(n_written === 1 ? "a weight written" : `${n_written} weights written`);
  return parts.join(", ");
}

// A kept run's curves never change, so they are requested once.
const curves = signal<ReadonlyMap<string, Curves>>(new Map());
const asked = new Set<string>();

export function curvesOf(run: KeptRun): Curves | undefined {
  return curves.value.get(place(run));
}

/** Request missing curves until stopped. */
export function fetchCurves(): () => void {
  return effect(() => {
    for (const run of keptRuns.value) void fetchOne(run);
  });
}

async function fetchOne(run: KeptRun): Promise<void> {
  const key = place(run);
  if (asked.has(key)) return;
  asked.add(key);
  try {
    const { arrays } = await getBinary<KeptHeader>("/api/ask/kept", { run: run.number });
    curves.value = new Map(curves.peek()).set(key, arrays);
  } catch (error) {
    asked.delete(key);
    refuse("kept", error);
  }
}

/** Key that distinguishes a kept run from those of other sessions and of a restarted server. */
function place({ number, run, epoch, loss }: KeptRun): string {
  return `${number} ${run} ${epoch} ${loss}`;
}
