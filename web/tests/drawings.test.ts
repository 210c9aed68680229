/** Drawings: what is still lacking, what a hand adds and takes away, and that colours stay in their places. */

import { describe, expect, it } from "vitest";
import {
  asData,
  blank,
  classCounts,
  closed,
  type Drawing,
  fromData,
  lacking,
  MOST_POINTS,
  withClass,
  without,
  withPoint,
} from "../src/state/drawings";
import type { DataChoice } from "../src/wire/protocol/experiment";

function drawn(...labels: number[]): Drawing {
  return labels.reduce((all, label, at) => withPoint(all, [at / 10, 0, label]), blank("class"));
}

describe("a drawing", () => {
  it("says what is lacking until there is something to learn", () => {
    expect(lacking(drawn())).toContain("4 points of two classes");
    expect(lacking(drawn(0, 0, 0, 0))).toContain("another class");
    expect(lacking(drawn(0, 1))).toContain("2 more points");
    expect(lacking(drawn(0, 1, 1))).toContain("1 more point:");
    expect(lacking(drawn(0, 0, 1, 1))).toBeNull();
    const classes = ["1", "2", "3", "4"];
    expect(lacking({ ...drawn(0, 1, 2, 3), classes })).toContain("second point");
    expect(lacking(blank("height"))).toContain("4 more points");
  });

  it("goes to the server and comes back as it was", () => {
    const drawing = drawn(0, 0, 1, 1);
    expect(fromData(asData(drawing) as unknown as DataChoice)).toEqual(drawing);
  });

  it("gives points that came without them limits and numbers as names", () => {
    const points = [
      [0, 5, 0],
      [10, 5, 2],
    ];
    const drawing = fromData({ kind: "drawn", points });
    expect(drawing.classes).toEqual(["0", "1", "2"]);
    expect(drawing.limits).toEqual([
      [-0.8, 10.8],
      [4, 6],
    ]);
  });

  it("keeps a thousandth of what is seen", () => {
    const wide = {
      ...blank("value"),
      limits: [
        [0, 5000],
        [0, 0.01],
        [-1, 1],
      ],
    } as Drawing;
    expect(withPoint(wide, [1234.5678, 0.00123456, 0.123456]).points[0]).toEqual([
      1235, 0.00123, 0.123,
    ]);
  });

  it("is full in the end", () => {
    const point = [0, 0, 0];
    const full = { ...blank("class"), points: Array.from({ length: MOST_POINTS }, () => point) };
    expect(withPoint(full, point)).toBe(full);
  });

  it("closes the gap that a class without points leaves, and keeps the others' names", () => {
    const three = withClass(drawn(0, 1, 1));
    const all = withPoint(three, [1, 1, 2]);
    const gap = without(all, ([, , label]) => label === 0);
    expect(closed(gap).classes).toEqual(["2", "3"]);
    expect(classCounts(closed(gap).points)).toEqual([2, 1]);
    expect(closed(all)).toBe(all);
    const one = without(drawn(0, 1, 1), ([, , label]) => label === 0);
    expect(closed(one)).toBe(one);
    expect(withClass(closed(gap)).classes).toEqual(["2", "3", "1"]);
  });
});
