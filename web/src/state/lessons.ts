/** The guided lessons: which one is open, how far it is, and what was on the page before it. */

import { batch, computed, effect, signal } from "@preact/signals";
import type { Experiment, Goal, Lesson, LessonStep } from "../wire/protocol";
import { getJson } from "../wire/requests";
import { type Area, show } from "./panels";
import { frame, refuse, send, state } from "./session";
import { keep, kept } from "./storage";
import { watch } from "./watched";

const DONE = "lamina-lessons-done";
const COURSE = "lamina-lesson";
const BEFORE = "lamina-before-lessons";

/** No step yet: its state has not been set. */
export const NO_STEP = -1;
/** Who would rather see than guess. */
export const NO_GUESS = -1;

/** Where a person stands in a lesson. */
interface Course {
  readonly lesson: string;
  readonly step: number;
  /** Which answer was chosen at each step. */
  readonly predicted: readonly number[];
  /** Whether all that this step waits for has come true. */
  readonly isMet: boolean;
}

interface Before {
  readonly experiment: Experiment;
  readonly pace: number | null;
}

export const lessons = signal<readonly Lesson[]>([]);
export const done = signal<readonly string[]>(kept("always", DONE, []));
export const course = signal<Course | null>(kept("visit", COURSE, null));
/** The person's own experiment, while a lesson's is in its place. */
export const before = signal<Before | null>(kept("visit", BEFORE, null));
/** The lesson that was closed last, to come back to its place in the list. */
export const left = signal<string | null>(null);
/** The run that was there when a state was set: what is told of it is no longer of account. */
const former = signal<number | null>(null);

export const lesson = computed<Lesson | null>(
  () => lessons.value.find(({ name }) => name === course.value?.lesson) ?? null,
);
export const step = computed<LessonStep | null>(
  () => lesson.value?.steps[course.value?.step ?? NO_STEP] ?? null,
);
export const prediction = computed(() => course.value?.predicted[course.value.step]);
export const hasPredicted = computed(() => prediction.value !== undefined);
/** Whether the step is over: it was thought about, and what it waits for has come true. */
export const isSeen = computed(() => hasPredicted.value && course.value?.isMet === true);

/** How the run stands to what the step waits for, as the server sees it. */
export const goals = computed<readonly Goal[]>(() => {
  const header = frame.value?.header;
  const here = course.value;
  if (!header?.lesson || !here || header.run === former.value) return [];
  const isOfThisStep = header.lesson.name === here.lesson && header.lesson.step === here.step;
  return isOfThisStep ? header.lesson.goals : [];
});

/** The control that is to be changed now. */
export const wanted = computed(() =>
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

/** Sets the state that a step begins from, held at epoch 0. */
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

/** Makes the step's change in the person's place, and lets the network learn. */
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

/** Back to the list; what is on the page stays. */
export function close(): void {
  left.value = course.value?.lesson ?? null;
  course.value = null;
}

/** Back to what was on the page before the first lesson. */
export function restore(): void {
  const own = before.value;
  if (!own) return;
  batch(() => {
    before.value = null;
    close();
  });
  begin(own.experiment, own.pace);
}

function begin(experiment: Experiment, pace: number | null): void {
  send({ do: "pause" });
  send({ do: "open", experiment, pace });
}

/** What goes on by itself: asking how the run stands, noting what has come true, keeping it for a reload. */
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
