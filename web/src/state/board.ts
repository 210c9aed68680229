/**
 * The drawing board: the user's drawing, shown at once, and the server's copy of it.
 *
 * Drawings with enough points are sent to the server a few times a second at most; others stay on the page.
 */

import { batch, computed, effect, signal, untracked } from "@preact/signals";
import type { State } from "../wire/protocol/events";
import type { Patch } from "../wire/protocol/experiment";
import {
  asData,
  blank,
  classCounts,
  closed,
  type Drawing,
  fromData,
  isSame,
  lacking,
  MOST_CLASSES,
  type Pair,
  type Point,
  type Target,
  withClass,
  without,
  withPoint,
} from "./drawings";
import { change, data, playing, send, state } from "./session";

/** Interval between two changes that a stroke sends, in milliseconds. */
const BETWEEN = 300;
const HELD_OUT_FRACTION = 0.2;

/** The user's drawing; null for data of another kind. */
export const board = signal<Drawing | null>(null);

/** Class and value of new points. */
export const pen = signal(0);
export const penValue = signal(0);
export const erases = signal(false);

/** A drawing with too few points to learn from, which the server does not have, and its history for undo. */
const unsent = signal<readonly Drawing[]>([]);
/** The drawing sent last, until the server confirms it. */
let awaited: Drawing | null = null;
let lastReceived = "";
let timer: ReturnType<typeof setTimeout> | undefined;
let lastSent = Number.NEGATIVE_INFINITY;
let isJoined = false;
/** True if the run was paused because there were too few points. */
let resumes = false;
/** True if the drawing began with an empty board. */
let isFresh = false;

export const missing = computed(() => board.value && lacking(board.value));

/** True if the network was trained on the displayed drawing. */
export const isLearned = computed(() => {
  const drawing = board.value;
  const choice = state.value?.experiment.data;
  return (
    !drawing ||
    (missing.value === null &&
      choice?.kind === "drawn" &&
      (choice.target ?? "class") === drawing.target)
  );
});

export const counts = computed(() => classCounts(board.value?.points ?? []));

/** The plane of the drawing. */
export const boardPlane = computed(() => {
  const drawing = board.value;
  if (!drawing) return null;
  const [x, y] = drawing.limits as [Pair, Pair];
  return {
    x: [...x] as [number, number],
    y: [...y] as [number, number],
    x_name: "x",
    y_name: "y",
    kind: drawing.target === "height" ? ("line" as const) : ("plane" as const),
  };
});

export const canUndo = computed(
  () => unsent.value.length > 0 || !isLearned.value || state.value?.can_undo === true,
);

/** True if the data consists of points in the plane, so that they can be edited. */
export const isEditable = computed(() => {
  const description = state.value?.data;
  if (!description || board.value) return false;
  const isPlane =
    description.features.length === 2 || (description.features.length === 1 && description.targets);
  return Boolean(isPlane) && description.classes.length <= MOST_CLASSES;
});

export function openBlank(target: Target = "class"): void {
  drop();
  isFresh = true;
  pen.value = 0;
  board.value = blank(target);
  hold();
}

/** Make the displayed points editable. */
export function editPoints(): void {
  const [now, rows] = [state.value, data.value];
  if (!now || !rows || !isEditable.value) return;
  drop();
  const { x, y } = rows.header.plane;
  const isClass = now.data.task === "classification";
  const target = isClass ? "class" : now.data.features.length === 1 ? "height" : "value";
  const values: Pair[] = target === "value" && now.data.targets ? [now.data.targets] : [];
  const classes = isClass ? now.data.classes : [];
  let drawing: Drawing = { target, points: [], classes, limits: [x, y, ...values] };
  for (const point of seenPoints(target)) drawing = withPoint(drawing, point);
  isFresh = false;
  board.value = drawing;
  learn();
}

function seenPoints(target: Target): Point[] {
  const arrays = data.value?.arrays;
  return ["train", "test"].flatMap((part) => {
    const places = arrays?.get(`${part}_points`)?.values ?? [];
    const targets = arrays?.get(`${part}_targets`)?.values ?? [];
    return Array.from(targets, (value, at) => {
      const place = [places[2 * at] as number, places[2 * at + 1] as number];
      return target === "height" ? place : [...place, value];
    });
  });
}

/** Begin a stroke; undo reverts it as a whole. */
export function beginStroke(): void {
  if (timer !== undefined) learnNow();
  isJoined = false;
  if (board.value) unsent.value = [...unsent.value, board.value];
}

export function put(x: number, y: number): void {
  const drawing = board.value;
  if (!drawing) return;
  const more = { class: [pen.value], value: [penValue.value], height: [] }[drawing.target];
  become(withPoint(drawing, [x, y, ...more]));
}

export function take(isTaken: (point: Point) => boolean): void {
  if (board.value) become(without(board.value, isTaken));
}

export function endStroke(): void {
  const drawing = board.value;
  if (!drawing) return;
  const tidy = closed(drawing);
  if (tidy !== drawing) pen.value = Math.min(pen.value, tidy.classes.length - 1);
  become(tidy);
  if (unsent.value.at(-1) === tidy) unsent.value = unsent.value.slice(0, -1);
}

export function clear(): void {
  if (!board.value) return;
  beginStroke();
  become({ ...board.value, points: [] });
}

export function addClass(): void {
  const drawing = board.value && withClass(board.value);
  if (!drawing) return;
  board.value = drawing;
  choosePen(drawing.classes.length - 1);
}

export function choosePen(label: number): void {
  const count = board.value?.target === "class" ? board.value.classes.length : 0;
  if (label >= count) return;
  pen.value = label;
  erases.value = false;
}

export function undo(): void {
  const before = unsent.value.at(-1);
  // Unsent points of the latest stroke are dropped with it.
  clearTimeout(timer);
  timer = undefined;
  if (before) {
    unsent.value = unsent.value.slice(0, -1);
    board.value = before;
    if (isHeard(before)) goOn();
    else if (!lacking(before)) learn();
    return;
  }
  if (!isLearned.value && state.value?.experiment.data.kind !== "drawn") {
    leave();
    return;
  }
  awaited = null;
  send({ do: "undo", catch_up: true });
}

/** Close the board for other data; the server keeps its data until it has the new one. */
export function leave(): void {
  drop();
  if (state.value?.experiment.data.kind !== "drawn") board.value = null;
  goOn();
}

function become(drawing: Drawing): void {
  if (drawing === board.value) return;
  board.value = drawing;
  if (lacking(drawing)) hold();
  else learn();
}

function drop(): void {
  clearTimeout(timer);
  timer = undefined;
  awaited = null;
  unsent.value = [];
  erases.value = false;
}

/** Pause the run until there are enough points to learn from. */
function hold(): void {
  clearTimeout(timer);
  timer = undefined;
  if (!playing.value) return;
  resumes = true;
  send({ do: "pause" });
}

/** True if the server has this drawing. */
function isHeard(drawing: Drawing): boolean {
  const choice = state.value?.experiment.data;
  return choice?.kind === "drawn" && isSame(fromData(choice), drawing);
}

function goOn(): void {
  if (resumes) send({ do: "play" });
  resumes = false;
}

function learn(): void {
  const wait = lastSent + BETWEEN - performance.now();
  if (wait <= 0) learnNow();
  else timer ??= setTimeout(learnNow, wait);
}

function learnNow(): void {
  clearTimeout(timer);
  timer = undefined;
  const [drawing, now] = [board.value, state.value];
  if (!drawing || !now || lacking(drawing)) return;
  const goesOn = now.experiment.data.kind === "drawn" || !isFresh;
  awaited = drawing;
  lastSent = performance.now();
  unsent.value = [];
  change(patch(drawing, now), { joined: isJoined, catch_up: goesOn });
  isJoined = true;
  goOn();
}

/** Return the patch for a drawing; if the data was of another kind, settings that do not fit it are reset. */
function patch(drawing: Drawing, { experiment, data: description }: State): Patch {
  const all = asData(drawing);
  const before = experiment.data;
  if (before.kind === "drawn" && (before.target ?? "class") === drawing.target)
    return { data: all };
  const isPlane = drawing.target !== "height";
  const inputs = description.features.length === 2 ? (experiment.inputs ?? ["x", "y"]) : ["x", "y"];
  const { test_fraction, target_scaled } = experiment;
  const kept = isFresh
    ? { test_fraction: HELD_OUT_FRACTION, target_scaled: false }
    : { test_fraction, target_scaled };
  return { data: all, inputs: isPlane ? inputs : null, plane: null, ...kept };
}

/** Follow the server: ignore the echo of the latest change, and take over any other drawing. */
effect(() => {
  const choice = state.value?.experiment.data;
  const said = JSON.stringify(choice ?? null);
  if (!choice || said === lastReceived) return;
  lastReceived = said;
  untracked(() => batch(() => handle(choice)));
});

function handle(choice: State["experiment"]["data"]): void {
  if (choice.kind !== "drawn") {
    if (board.peek()) leave();
    board.value = null;
    return;
  }
  const drawing = fromData(choice);
  if (awaited) {
    // The echo of an earlier change is still on its way.
    if (isSame(awaited, drawing)) awaited = null;
    return;
  }
  drop();
  board.value = drawing;
}
