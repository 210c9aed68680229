/** The compared runs, including the present one: lines, metrics and differing settings. */

import { computed, signal } from "@preact/signals";
import type { ComparedLine, Extent } from "../drawing/comparison";
import type { NumberArray } from "../wire/frames";
import type { KeptRun } from "../wire/protocol/events";
import type { Experiment, Task } from "../wire/protocol/experiment";
import { type Curves, curvesOf, keptRuns, manualEdits } from "./kept";
import { logarithmic } from "./preferences";
import { readable, state, vocabulary } from "./session";
import { differing, type Settings, settingsOf } from "./settings";

export type Measure = "loss" | "validation_loss" | "score";

/** Quantity of the lines. */
export const measure = signal<Measure>("validation_loss");
/** Numbers of the runs whose lines are hidden; 0 is the present run. */
export const hidden = signal<ReadonlySet<number>>(new Set());
/** Epoch under the pointer. */
export const pointedEpoch = signal<number | null>(null);

export interface Compared {
  /** 0 is the present run. */
  readonly number: number;
  readonly name: string;
  readonly kept: KeptRun | null;
  readonly epoch: number;
  readonly figures: Readonly<Record<Measure, number | null>>;
  readonly settings: Settings;
}

export const PRESENT = 0;
export const MANUAL_EDITS = "by hand";

/** The kept runs; their settings are available without a frame. */
const keptCompared = computed<Compared[]>(() =>
  keptRuns.value.map((run) => ({
    number: run.number,
    name: run.name,
    kept: run,
    epoch: run.epoch,
    figures: {
      loss: run.loss,
      validation_loss: run.validation_loss,
      score: run.score?.value ?? null,
    },
    settings: settings(run.experiment, run.task, manualEdits(run)),
  })),
);

const presentSettings = computed<Settings | null>(() => {
  const said = state.value;
  return said && settings(said.experiment, said.data.task, "");
});

export const compared = computed<Compared[]>(() => {
  const [said, header] = [presentSettings.value, readable.value?.header];
  const present: Compared[] = said
    ? [
        {
          number: PRESENT,
          name: "present run",
          kept: null,
          epoch: header?.epoch ?? 0,
          figures: {
            loss: header?.loss ?? null,
            validation_loss: header?.validation_loss ?? null,
            score: header?.score?.value ?? null,
          },
          settings: said,
        },
      ]
    : [];
  return [...present, ...keptCompared.value];
});

/** The settings that differ, by name. */
export const differences = computed<string[]>(() =>
  differing([
    ...(presentSettings.value ? [presentSettings.value] : []),
    ...keptCompared.value.map((each) => each.settings),
  ]),
);

const OF_THE_ROWS = ["data", "data.", "test_fraction", "split_seed"];
const OF_THE_LOSS = ["loss", "target_scaled", "class_weight"];

/** True if the metrics of the runs are comparable: same samples and same loss. */
export const isContest = computed(() =>
  differences.value.every(
    (name) =>
      !OF_THE_LOSS.includes(name) &&
      !OF_THE_ROWS.some((each) => name === each || (each.endsWith(".") && name.startsWith(each))),
  ),
);

/** Name of the score; null if there is none. */
export const scoreName = computed(() => {
  const kept = keptRuns.value.find((run) => run.score)?.score;
  return (readable.value?.header.score ?? kept)?.name ?? null;
});

export const lines = computed<ComparedLine[]>(() => [...keptLines.value, ...presentLine.value]);

export const keptLines = computed<ComparedLine[]>(() =>
  keptRuns.value.flatMap((run) => {
    const curves = curvesOf(run);
    return curves ? lineOf(run.number, curves) : [];
  }),
);

export const presentLine = computed<ComparedLine[]>(() => {
  const arrays = readable.value?.arrays;
  return arrays ? lineOf(PRESENT, arrays) : [];
});

function lineOf(number: number, arrays: Curves | ReadonlyMap<string, NumberArray>): ComparedLine[] {
  const epochs = arrays.get("curve_epoch")?.values;
  const values = arrays.get(`curve_${measure.value}`)?.values;
  return epochs && values && !hidden.value.has(number) ? [{ number, epochs, values }] : [];
}

/** Text form, so that a frame with unchanged values causes no redraw. */
const extentText = computed(() => JSON.stringify(extentNow()));
export const extent = computed(() => JSON.parse(extentText.value) as Extent);

function extentNow(): Extent {
  const isLogarithmic = logarithmic.value && measure.value !== "score";
  let [last, low, high] = [10, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { epochs, values } of lines.value) {
    last = Math.max(last, epochs[epochs.length - 1] ?? 0);
    for (let at = 0; at < values.length; at++) {
      const value = values[at] as number;
      if (!Number.isFinite(value) || (isLogarithmic && value <= 0)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  if (low > high) [low, high] = isLogarithmic ? [0.1, 1] : [0, 1];
  return { last: rounded(last), ...heights(low, high, isLogarithmic), isLogarithmic };
}

function heights(low: number, high: number, isLogarithmic: boolean) {
  if (isLogarithmic) {
    const decade = (value: number) => 10 ** value;
    // Thirds of a decade: about 1, 2, 5.
    const down = Math.floor(3 * Math.log10(low) + 1e-9) / 3;
    const up = Math.ceil(3 * Math.log10(high) - 1e-9) / 3;
    return { low: decade(down), high: decade(up > down ? up : down + 1) };
  }
  if (measure.value === "score") {
    // Scores far below zero are cut off.
    return {
      low: Math.max(-1, Math.floor(10 * low) / 10),
      high: Math.min(1, Math.ceil(10 * high) / 10),
    };
  }
  return { low: Math.min(0, low), high: rounded(high) };
}

/** The next of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12 …: where an axis may end. */
function rounded(value: number): number {
  if (value <= 0) return 1;
  const decade = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find(
    (each) => each * decade >= value * (1 - 1e-9),
  );
  return (step ?? 10) * decade;
}

/** Return a run's value at an epoch: the latest at or before it; null outside the run. */
export function valueAt(line: ComparedLine | undefined, epoch: number): number | null {
  if (!line) return null;
  const { epochs, values } = line;
  const last = epochs.length - 1;
  if (last < 0 || epoch < (epochs[0] as number) || epoch > (epochs[last] as number)) return null;
  let at = last;
  while (at > 0 && (epochs[at] as number) > epoch) at--;
  const value = values[at] as number;
  return Number.isFinite(value) ? value : null;
}

/** The epoch of the table: the one under the pointer, or the last of the longest line. */
export const shownAt = computed(
  () =>
    pointedEpoch.value ??
    Math.max(0, ...lines.value.map(({ epochs }) => epochs[epochs.length - 1] ?? 0)),
);

export function showLine(number: number, isShown: boolean): void {
  const next = new Set(hidden.peek());
  if (isShown) next.delete(number);
  else next.add(number);
  hidden.value = next;
}

function settings(experiment: Experiment, task: Task, hand: string): Settings {
  const all = settingsOf(experiment, task, vocabulary.value?.parameters ?? []);
  return new Map([...all, [MANUAL_EDITS, hand]]);
}
