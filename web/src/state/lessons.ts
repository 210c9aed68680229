/** The guided lessons: the open one, its progress, and the experiment before it. */

import { batch, computed, effect, signal } from "@preact/signals";
import type { Experiment } from "../wire/protocol/experiment";
import type { Goal, Lesson, LessonStep } from "../wire/protocol/lessons";
import { getJson } from "../wire/requests";
import { type Area, show } from "./panels";
import { frame, refuse, send, state } from "./session";
import { keep, kept } from "./storage";
import { watch } from "./watched";

const DONE = "lamina-lessons-done";
const COURSE = "lamina-lesson";
const BEFORE = "lamina-before-lessons";

/** The lesson's first experiment has not been set yet. */
export const NO_STEP = -1;
/** The user skipped the question. */
export const NO_GUESS = -1;

/** The user's progress in a lesson. */
interface Course {
  readonly lesson: string;
  readonly step: number;
  /** The chosen answer of each step. */
  readonly predicted: readonly number[];
  /** True if all goals of this step are met. */
  readonly isMet: boolean;
}

interface Before {
  readonly experiment: Experiment;
  readonly pace: number | null;
}

export const lessons = signal<readonly Lesson[]>([]);
export const done = signal<readonly string[]>(kept("always", DONE, []));
export const course = signal<Course | null>(kept("visit", COURSE, null));
/** The user's own experiment, while a lesson replaces it. */
export const before = signal<Before | null>(kept("visit", BEFORE, null));
/** The lesson closed last, to return to its place in the list. */
export const left = signal<string | null>(null);
/** The run that a new experiment replaces; messages about it are ignored. */
const former = signal<number | null>(null);

export const lesson = computed<Lesson | null>(
  () => lessons.value.find(({ name }) => name === course.value?.lesson) ?? null,
);
export const step = computed<LessonStep | null>(
  () => lesson.value?.steps[course.value?.step ?? NO_STEP] ?? null,
);
export const prediction = computed(() => course.value?.predicted[course.value.step]);
export const hasPredicted = computed(() => prediction.value !== undefined);
/** True if the step is finished: the question is answered and the goals are met. */
export const isSeen = computed(() => hasPredicted.value && course.value?.isMet === true);

/** The step's goals and their current values, from the server. */
export const goals = computed<readonly Goal[]>(() => {
  const header = frame.value?.header;
  const here = course.value;
  if (!header?.lesson || !here || header.run === former.value) return [];
  const isOfThisStep = header.lesson.name === here.lesson && header.lesson.step === here.step;
  return isOfThisStep ? header.lesson.goals : [];
});

/** The control to change now. */
export const markedControl = computed(() =>
  hasPredicted.value && !isSeen.value ? (step.value?.control ?? null) : null,
);

export async function fetchLessons(): Promise<void> {
  if (lessons.value.length > 0) return;
  try {
    lessons.value = (await getJson<{ lessons: Lesson[] }>("/api/lessons")).lessons;
  } catch (error) {
    refuse("lessons", error);
  }
}

export function openLesson(name: string): void {
  course.value = { lesson: name, step: NO_STEP, predicted: [], isMet: false };
}

/** Set the initial experiment of a step, paused at epoch 0. */
export function setUp(number: number): void {
  const [now, here] = [state.value, course.value];
  const from = lesson.value?.steps[number];
  if (!now || !here || !lesson.value || !from) return;
  batch(() => {
    before.value ??= { experiment: now.experiment, pace: now.pace };
    former.value = now.run.id;
    course.value = { ...here, step: number, isMet: false };
  });
  begin(from.experiment, number === 0 ? lesson.value.pace : now.pace);
  for (const [area, view] of Object.entries(lesson.value.opens)) show(area as Area, view);
}

export function predict(choice: number): void {
  const here = course.value;
  if (!here) return;
  course.value = { ...here, predicted: [...here.predicted.slice(0, here.step), choice] };
}

/** Make the step's change for the user, and play. */
export function doForThem(): void {
  if (!step.value) return;
  const { change } = step.value;
  if (Object.keys(change).length > 0) send({ do: "set", experiment: change });
  send({ do: "play" });
}

export function next(): void {
  const here = course.value;
  if (!here || here.step === (lesson.value?.steps.length ?? 0) - 1) close();
  else course.value = { ...here, step: here.step + 1, isMet: false };
}

/** Return to the list; the experiment stays. */
export function close(): void {
  left.value = course.value?.lesson ?? null;
  course.value = null;
}

/** Restore the experiment from before the first lesson. */
export function restore(): void {
  const saved = before.value;
  if (!saved) return;
  batch(() => {
    before.value = null;
    close();
  });
  begin(saved.experiment, saved.pace);
}

function begin(experiment: Experiment, pace: number | null): void {
  send({ do: "pause" });
  send({ do: "open", experiment, pace });
}

/** Follow the run: request the goals, record those met, and store the progress for a reload. */
export function followLessons(): void {
  if (course.peek()) void fetchLessons();
  const place = computed(() => {
    const here = course.value;
    return here && here.step !== NO_STEP ? `${here.step} ${here.lesson}` : null;
  });
  effect(() => {
    if (place.value === null) return undefined;
    const [number = "", name = ""] = place.value.split(" ");
    return watch({ lesson: { name, step: Number(number) } });
  });
  effect(() => {
    if (goals.value.length > 0 && goals.value.every(({ met }) => met)) noteMet();
  });
  effect(() => keep("visit", COURSE, course.value));
  effect(() => keep("visit", BEFORE, before.value));
  effect(() => keep("always", DONE, done.value));
}

function noteMet(): void {
  const here = course.peek();
  if (!here || here.isMet) return;
  course.value = { ...here, isMet: true };
  const isLast = here.step === (lesson.peek()?.steps.length ?? 0) - 1;
  if (isLast && !done.peek().includes(here.lesson)) done.value = [...done.peek(), here.lesson];
}
