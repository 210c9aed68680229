/** Contents of the plane: region, points, and the prediction at a position. */

import { computed } from "@preact/signals";
import type { Points } from "../drawing/plane";
import type { Grid } from "../drawing/region";
import type { NumberArray } from "../wire/frames";
import { board, boardPlane, isLearned } from "./board";
import { data, frame, state } from "./session";

export const extent = computed(() => boardPlane.value ?? data.value?.header.plane ?? null);
export const isClassification = computed(() =>
  board.value ? board.value.target === "class" : state.value?.data.task !== "regression",
);
export const classes = computed(() => state.value?.data.classes ?? []);

/** The range of a regression's targets, for its colours. */
export const targetRange = computed<readonly [number, number]>(
  () => board.value?.limits.at(-1) ?? state.value?.data.targets ?? [0, 1],
);

/** A drawing with too few points has no predictions yet. */
export const region = computed<Grid | null>(() =>
  isLearned.value ? asGrid(frame.value?.arrays.get("region")) : null,
);

export const trainPoints = computed(() => (board.value ? drawn(false) : points("train")));
export const testPoints = computed(() => (board.value ? drawn(true) : points("test")));

export function asGrid(array: NumberArray | undefined): Grid | null {
  if (!array) return null;
  const [rows = 0, columns = 0, depth = 1] = array.shape;
  return rows * columns > 0 ? { rows, columns, depth, values: array.values } : null;
}

function points(part: "train" | "test"): Points | null {
  const places = data.value?.arrays.get(`${part}_points`);
  const targets = data.value?.arrays.get(`${part}_targets`);
  if (!places || !targets) return null;
  return { places: places.values, targets: targets.values };
}

/** The drawing's points; a point is held out once the server has assigned it. */
function drawn(test: boolean): Points {
  const rows = isLearned.value ? points("test") : null;
  const held = new Set(Array.from(rows?.targets ?? [], (_, at) => key(rows?.places ?? [], at)));
  const chosen = (board.value?.points ?? []).filter(
    ([x = 0, y = 0]) => held.has(key(Float32Array.of(x, y), 0)) === test,
  );
  return {
    places: chosen.flatMap(([x = 0, y = 0]) => [x, y]),
    targets: chosen.map((point) => point.at(-1) ?? 0),
  };
}

function key(places: ArrayLike<number>, at: number): string {
  return `${places[2 * at]} ${places[2 * at + 1]}`;
}

/** Return the prediction at a position: a probability for each class, or one value. */
export function answerAt(x: number, y: number): number[] | null {
  const [plane, grid] = [extent.value, region.value];
  if (!plane || !grid) return null;
  const column = cell(x, plane.x, grid.columns);
  const row = grid.rows === 1 ? 0 : cell(y, plane.y, grid.rows);
  if (column === null || row === null) return null;
  const start = (row * grid.columns + column) * grid.depth;
  const answer = Array.from({ length: grid.depth }, (_, index) => grid.values[start + index] ?? 0);
  const [second = 0] = answer;
  return isClassification.value && grid.depth === 1 ? [1 - second, second] : answer;
}

function cell(value: number, [low, high]: readonly [number, number], count: number): number | null {
  const place = Math.floor(((value - low) / (high - low)) * count);
  return value < low || value > high ? null : Math.min(count - 1, place);
}
