/** The numbers of one step: its samples, the answer, the stage reached, and the number pointed at. */

import { batch, computed, effect, signal } from "@preact/signals";
import type { NumberArray } from "../wire/frames";
import type { StepPaths, StepTrace, TracedNumber } from "../wire/protocol/steps";
import { getBinary, getJson, Refused } from "../wire/requests";
import { frame, playing, send, state } from "./session";

/** A training sample's number, or the batch of the engine's next step. */
export type Which = number | "next";

export interface Step {
  readonly trace: StepTrace;
  readonly values: ReadonlyMap<string, NumberArray>;
}

/** One weight, as `W[i, j]` of a layer; without i, the bias. */
export interface PickedWeight {
  readonly layer: string;
  readonly i: number | null;
  readonly j: number;
}

export const which = signal<Which>(0);
export const step = signal<Step | null>(null);
export const trouble = signal<string | null>(null);
/** Python name of the number under the pointer. */
export const lit = signal<string | null>(null);
/** The stage reached, or null if all are shown. */
export const reached = signal<number | null>(null);
export const picked = signal<PickedWeight | null>(null);
export const paths = signal<StepPaths | null>(null);

/** Numbers computed together: one layer of the forward or backward pass, the loss, or the update. */
export interface Stage {
  readonly part: TracedNumber["part"];
  readonly layer: string;
  readonly title: string;
  readonly numbers: readonly TracedNumber[];
}

export const stages = computed<Stage[]>(() => inStages(step.value?.trace.numbers ?? []));

export function inStages(numbers: readonly TracedNumber[]): Stage[] {
  const found: { part: Stage["part"]; layer: string; title: string; numbers: TracedNumber[] }[] =
    [];
  for (const number of numbers) {
    const layer = number.part === "update" ? "" : number.layer;
    const last = found.at(-1);
    if (last?.part === number.part && last.layer === layer) last.numbers.push(number);
    else found.push({ part: number.part, layer, title: titleOf(number), numbers: [number] });
  }
  return found;
}

function titleOf({ part, layer }: TracedNumber): string {
  if (part === "loss") return "loss";
  if (part === "update") return "update";
  if (layer === "inputs") return part === "forward" ? "inputs" : `inputs ${part}`;
  return `${layer.replace("_", " ")} ${part}`;
}

export const rowCount = computed(() => state.value?.data.n_train ?? 0);

/** True if the page shows numbers of a step. */
export const isFollowed = signal(false);

/** The displayed sample: the first of a batch. */
export const shownRow = computed<number | null>(() => step.value?.trace.rows[0] ?? null);

export function chooseRow(row: number): void {
  const most = rowCount.value - 1;
  if (most >= 0) which.value = Math.min(most, Math.max(0, row));
}

/** Go to the next or the previous stage; if all are shown, to the first. */
export function walk(direction: 1 | -1): void {
  if (playing.value) send({ do: "pause" });
  const last = Math.max(0, stages.value.length - 1);
  const at = reached.value;
  reached.value = at === null ? 0 : Math.min(last, Math.max(0, at + direction));
}

export function pick(weight: PickedWeight | null): void {
  batch(() => {
    if (!weight) paths.value = null;
    picked.value = weight;
  });
}

const PAUSE = 150;
let isUnderWay = false;
let isStale = false;

/** Keep the numbers up to date with the newest frame while a view shows them. */
export function follow(): () => void {
  isFollowed.value = true;
  const end = effect(() => {
    frame.value;
    state.value?.run.status;
    which.value;
    picked.value;
    void ask();
  });
  return () => {
    isFollowed.value = false;
    end();
  };
}

async function ask(): Promise<void> {
  isStale = true;
  if (isUnderWay) return;
  isUnderWay = true;
  while (isStale && isFollowed.peek()) {
    isStale = false;
    await askOnce();
    await new Promise((done) => setTimeout(done, PAUSE));
  }
  isUnderWay = false;
}

async function askOnce(): Promise<void> {
  if (!frame.peek()) return;
  const row = asked();
  try {
    const { header, arrays } = await getBinary<StepTrace>("/api/ask/trace", { row });
    const found = await askPaths(row, header);
    batch(() => {
      trouble.value = null;
      step.value = { trace: header, values: arrays };
      paths.value = found;
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    batch(() => {
      trouble.value =
        error instanceof Refused ? error.message : `The server did not answer: ${error.message}`;
      step.value = null;
      paths.value = null;
    });
  }
}

/** Samples of previous data do not exist in the present data. */
function asked(): Which {
  const choice = which.peek();
  return choice === "next" ? choice : Math.max(0, Math.min(choice, rowCount.peek() - 1));
}

async function askPaths(row: Which, { numbers }: StepTrace): Promise<StepPaths | null> {
  const weight = picked.peek();
  if (!weight || numbers.length === 0) return null;
  const matrix = numbers.find(({ name, layer }) => name === "dW" && layer === weight.layer);
  const [fanIn = 0, fanOut = 0] = matrix?.shape ?? [];
  if (weight.j >= fanOut || (weight.i ?? 0) >= fanIn) {
    picked.value = null;
    return null;
  }
  const { layer, i, j } = weight;
  return getJson<StepPaths>("/api/ask/path", { row, layer, j, ...(i === null ? {} : { i }) });
}
