/** Drawings: points in the plane as plain values, and operations on them. */

import type { DataChoice, Json } from "../wire/protocol/experiment";

/** The target of a point: its class, its value, or its height above the x axis. */
export type Target = "class" | "value" | "height";
export type Pair = readonly [low: number, high: number];

/** x, y, and the class or the value, if there is one. */
export type Point = readonly number[];

export interface Drawing {
  readonly target: Target;
  readonly points: readonly Point[];
  readonly classes: readonly string[];
  /** Limits of x, of y, and of the value if points have one. */
  readonly limits: readonly Pair[];
}

export const FEWEST_POINTS = 4;
export const MOST_POINTS = 5000;
export const MOST_CLASSES = 8;
const UNIT: Pair = [-1, 1];
/** The same margin as the server's around points without limits. */
const MARGIN = 0.08;

export function blank(target: Target): Drawing {
  const limits = target === "value" ? [UNIT, UNIT, UNIT] : [UNIT, UNIT];
  return { target, points: [], classes: ["1", "2"], limits };
}

/** Return what is missing before training can begin; null if nothing is. */
export function lacking({ target, points }: Drawing): string | null {
  const missing = FEWEST_POINTS - points.length;
  const more = missing > 0 ? `${missing} more ${missing === 1 ? "point" : "points"}` : null;
  if (target !== "class") return more && `Put ${more}: then the network learns.`;
  const counts = classCounts(points);
  if (counts.filter((count) => count > 0).length < 2) {
    if (points.length === 0) return `Put ${FEWEST_POINTS} points of two classes or more.`;
    return "Put points of another class: then the network learns.";
  }
  if (more) return `Put ${more}: then the network learns.`;
  return Math.max(...counts) < 2 ? "Put a second point of a class: one is held out." : null;
}

/** Return the number of points of each class, up to the last class with points. */
export function classCounts(points: readonly Point[]): number[] {
  const counts: number[] = [];
  for (const [, , label = 0] of points) counts[label] = (counts[label] ?? 0) + 1;
  return Array.from(counts, (count) => count ?? 0);
}

/** Return the drawing with a point added, unless it is full; coordinates are rounded to visible precision. */
export function withPoint(drawing: Drawing, point: Point): Drawing {
  if (drawing.points.length >= MOST_POINTS) return drawing;
  return { ...drawing, points: [...drawing.points, rounded(point, drawing.limits)] };
}

export function without(drawing: Drawing, isTaken: (point: Point) => boolean): Drawing {
  const points = drawing.points.filter((point) => !isTaken(point));
  return points.length === drawing.points.length ? drawing : { ...drawing, points };
}

/** Return the drawing with a class added, named by the first unused number. */
export function withClass(drawing: Drawing): Drawing {
  const { classes } = drawing;
  const free = Array.from({ length: MOST_CLASSES + 1 }, (_, at) => String(at + 1));
  const name = free.find((each) => !classes.includes(each));
  if (classes.length >= MOST_CLASSES || name === undefined) return drawing;
  return { ...drawing, classes: [...classes, name] };
}

/** Without the classes that have no point while later ones have: a class's colour is its place among those that are there. */
export function closed(drawing: Drawing): Drawing {
  const counts = classCounts(drawing.points);
  const used = counts.filter((count) => count > 0).length;
  if (drawing.target !== "class" || used < 2 || used === counts.length) return drawing;
  const kept = drawing.classes.flatMap((_, label) =>
    label >= counts.length || (counts[label] ?? 0) > 0 ? [label] : [],
  );
  return {
    ...drawing,
    classes: kept.map((label) => drawing.classes[label] as string),
    points: drawing.points.map(([x = 0, y = 0, label = 0]) => [x, y, kept.indexOf(label)]),
  };
}

export function asData({ target, points, classes, limits }: Drawing): { [name: string]: Json } {
  return {
    kind: "drawn",
    target,
    points: points.map((point) => [...point]),
    classes: target === "class" ? [...classes] : null,
    limits: limits.map((pair) => [...pair]),
  };
}

export function fromData(data: DataChoice): Drawing {
  const points = (data.points ?? []) as readonly Point[];
  const target = (data.target ?? "class") as Target;
  const count = target === "class" ? classCounts(points).length : 0;
  const numbered = Array.from({ length: Math.max(2, count) }, (_, label) => String(label));
  return {
    target,
    points,
    classes: (data.classes as string[] | null | undefined) ?? numbered,
    limits: (data.limits as Pair[] | null | undefined) ?? around(points, target),
  };
}

/** Return true if two drawings are equal for the server. */
export function isSame(one: Drawing, other: Drawing): boolean {
  return JSON.stringify(asData(one)) === JSON.stringify(asData(other));
}

function around(points: readonly Point[], target: Target): Pair[] {
  return Array.from({ length: target === "value" ? 3 : 2 }, (_, axis) => {
    const values = points.map((point) => point[axis] ?? 0);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const margin = axis < 2 ? MARGIN * (high - low) : 0;
    return [low - (margin || 1), high + (margin || 1)];
  });
}

/** A thousandth of the visible range is the precision of a pointer. */
function rounded(point: Point, limits: readonly Pair[]): Point {
  return point.map((value, axis) => {
    const pair = limits[axis];
    if (!pair) return value;
    const decimals = Math.max(0, 3 - Math.floor(Math.log10(pair[1] - pair[0])));
    return Number(value.toFixed(Math.min(20, decimals)));
  });
}
