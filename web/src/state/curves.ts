/** The curves of the newest frame: the losses, the score, or the learning rate. */

import { computed, signal } from "@preact/signals";
import { between } from "../drawing/between";
import type { Numbers } from "../wire/frames";
import { readable } from "./session";
import { trainingName, trainingScores } from "./trainingScores";

export interface Curve {
  readonly name: string;
  readonly dashed: boolean;
  readonly values: (number | null)[];
}

export interface Curves {
  readonly epochs: number[];
  readonly lines: readonly Curve[];
}

export const COURSES = ["loss", "score", "learning rate"] as const;
export type Course = (typeof COURSES)[number];

/** The curve that the user has chosen. */
export const chosenCourse = signal<Course>("loss");

export const scoreName = computed(() => readable.value?.header.score?.name ?? null);

/** The curves that the run has; without a score or a rate, only the losses. */
export const course = computed<Course>(() =>
  offered.value.includes(chosenCourse.value) ? chosenCourse.value : "loss",
);

export const offered = computed<readonly Course[]>(() =>
  COURSES.filter((each) => each === "loss" || curve(ARRAYS[each]) !== undefined),
);

const ARRAYS = { score: "curve_score", "learning rate": "curve_learning_rate" };

export const curves = computed<Curves>(() => {
  const epochs = Array.from(curve("curve_epoch") ?? []);
  switch (course.value) {
    case "loss":
      return {
        epochs,
        lines: [
          ...line("train", curve("curve_loss")),
          ...line("test", curve("curve_validation_loss"), true),
        ],
      };
    case "score":
      return withTrainingScores(epochs, Array.from(curve("curve_score") ?? [], finiteOrNull));
    case "learning rate":
      return { epochs, lines: line("rate", curve("curve_learning_rate")) };
  }
});

/** Both scores by epoch; the training score is available for some epochs only, including 0. */
function withTrainingScores(epochs: number[], test: (number | null)[]): Curves {
  const train = trainingScores();
  const all = [...new Set([...train.keys(), ...epochs])].sort((one, other) => one - other);
  const tested = new Map(epochs.map((epoch, at) => [epoch, test[at] ?? null]));
  return {
    epochs: all,
    lines: [
      { name: trainingName(), dashed: false, values: between(all, train) },
      { name: "test", dashed: true, values: all.map((epoch) => tested.get(epoch) ?? null) },
    ],
  };
}

function curve(name: string): Numbers | undefined {
  return readable.value?.arrays.get(name)?.values;
}

function line(name: string, values: Numbers | undefined, dashed = false): Curve[] {
  return values ? [{ name, dashed, values: Array.from(values, finiteOrNull) }] : [];
}

/** Non-finite values are gaps. */
function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
