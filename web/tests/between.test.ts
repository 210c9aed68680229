import { expect, test } from "vitest";
import { between } from "../src/drawing/between";

test("between two known epochs lies a straight line, and beyond them nothing", () => {
  const values = new Map([
    [8, 0.9],
    [2, 0.5],
    [4, 0.7],
  ]);
  const found = between([0, 2, 3, 4, 6, 8, 9], values);
  expect(found.map((value) => value && Number(value.toFixed(9)))).toEqual([
    null,
    0.5,
    0.6,
    0.7,
    0.8,
    0.9,
    null,
  ]);
});

test("ignores numbers that are not finite", () => {
  const values = new Map([
    [0, 0],
    [1, Number.NaN],
    [2, 1],
  ]);
  expect(between([0, 1, 2], values)).toEqual([0, 0.5, 1]);
});
