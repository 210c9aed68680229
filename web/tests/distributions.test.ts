import { describe, expect, it } from "vitest";
import { LIGHT } from "../src/drawing/colours";
import {
  columnsAround,
  densities,
  densityPixels,
  fullness,
  heightOf,
  layOutSpreads,
  rowsOf,
  type Spread,
  scaleOf,
  tickName,
  ticksOf,
} from "../src/drawing/distributions";

const sum = (numbers: Float32Array) => numbers.reduce((all, each) => all + each, 0);

describe("densities", () => {
  it("are even where the numbers are, and hold all of them", () => {
    const even = densities([0, 0.25, 0.5, 0.75, 1], 8);
    for (const each of even) expect(each).toBeCloseTo(1);
    expect(sum(densities([0.1, 0.13, 0.5, 0.9], 20)) / 20).toBeCloseTo(1);
  });

  it("stand in one part where many numbers are alike", () => {
    const found = densities([0.3, 0.3, 0.3, 0.9], 10);
    expect(found[3]).toBeGreaterThan(6);
    expect(found[0]).toBe(0);
  });

  it("leave out what lies beyond the scale", () => {
    const found = densities([Number.NEGATIVE_INFINITY, 0.5, 1], 10);
    expect(sum(found)).toBeLessThan(10);
    expect(found.every((each) => Number.isFinite(each))).toBe(true);
  });
});

it("draws more where there are more, and never more than all", () => {
  expect(fullness(0)).toBe(0);
  expect(fullness(0.01)).toBeGreaterThan(0.1);
  expect(fullness(3)).toBeGreaterThan(fullness(1));
  expect(fullness(1e9)).toBeLessThanOrEqual(1);
});

const TWO_LAYERS: Spread = {
  epochs: new Float64Array([0, 10]),
  layers: 2,
  levels: 3,
  quantiles: new Float64Array([-1, 0, 1, 1e-6, 1e-4, 1e-2, -2, 0, 2, 0, 1e-5, 1e-3]),
};

describe("scaleOf", () => {
  it("takes in every number of one layer or of all", () => {
    const scale = scaleOf(TWO_LAYERS, 0, false);
    expect(scale.low).toBeLessThanOrEqual(-2);
    expect(scale.high).toBeGreaterThanOrEqual(2);
    expect(scaleOf(TWO_LAYERS, 1, false).high).toBeLessThan(0.02);
    expect(scaleOf(TWO_LAYERS, null, false)).toEqual(scale);
  });

  it("has powers of ten on a logarithmic one, and zero below all of them", () => {
    const scale = scaleOf(TWO_LAYERS, 1, true);
    expect(scale.low).toBeCloseTo(1e-5, 9);
    expect(heightOf(0, scale)).toBe(Number.NEGATIVE_INFINITY);
    const steps = [1e-4, 1e-3, 1e-2].map((value) => heightOf(value, scale));
    expect((steps[1] ?? 0) - (steps[0] ?? 0)).toBeCloseTo((steps[2] ?? 0) - (steps[1] ?? 0));
  });

  it("bears that there is nothing, and that all is alike", () => {
    const nothing = { ...TWO_LAYERS, quantiles: new Float64Array(12).fill(Number.NaN) };
    expect(scaleOf(nothing, null, true).high).toBe(1);
    const alike = scaleOf({ ...TWO_LAYERS, quantiles: new Float64Array(12).fill(3) }, null, false);
    expect(alike.low).toBeLessThan(alike.high);
  });
});

it("finds the columns around an epoch, and none beyond the last", () => {
  expect(columnsAround([0, 10, 20], 15)).toEqual([1, 0.5]);
  expect(columnsAround([0, 10, 20], 20)).toEqual([2, 0]);
  expect(columnsAround([0, 10, 20], 21)).toBeNull();
  expect(columnsAround([], 0)).toBeNull();
});

it("colours numbers below zero otherwise than those above", () => {
  const picture = {
    spread: TWO_LAYERS,
    scales: [scaleOf(TWO_LAYERS, 0, false), scaleOf(TWO_LAYERS, 1, false)],
    hasOneScale: false,
    isSigned: true,
    heads: [],
  };
  const pixels = densityPixels(picture, 0, LIGHT, 1, 10);
  const [top, bottom] = [pixels.slice(4, 7), pixels.slice(32, 35)];
  expect([...top]).not.toEqual([...bottom]);
});

describe("layOutSpreads", () => {
  it("puts eleven layers side by side in the panel of a laptop", () => {
    const boxes = layOutSpreads(11, 726, 126);
    expect(rowsOf(11, 726)).toBe(1);
    for (const [index, box] of boxes.entries()) {
      expect(box.left).toBeGreaterThanOrEqual(index === 0 ? 0 : (boxes[index - 1]?.left ?? 0) + 48);
      expect(box.left + box.width).toBeLessThanOrEqual(726.01);
      expect(box.height).toBeGreaterThan(90);
    }
  });

  it("takes more rows where there is no room", () => {
    expect(rowsOf(11, 300)).toBe(3);
    expect(layOutSpreads(11, 300, 312).every((box) => box.top + box.height < 312)).toBe(true);
  });
});

it("names round numbers and powers of ten", () => {
  expect(ticksOf({ low: -1.1, high: 2.3, logarithmic: false }, 4)).toEqual([-1, 0, 1, 2]);
  expect(
    ticksOf({ low: 2e-6, high: 0.5, logarithmic: true }, 3).map((t) => tickName(t, true)),
  ).toEqual(["10⁻⁵", "10⁻³", "0.1"]);
  expect(tickName(-0.5, false)).toBe("−0.5");
});
