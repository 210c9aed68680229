import { describe, expect, it } from "vitest";
import { fractionOf, lossScale } from "../src/drawing/landscape";

describe("how losses become shades", () => {
  it("goes by the logarithm where they differ by much", () => {
    const scale = lossScale([0.01, 1, 0.1]);
    expect(scale).toEqual({ low: 0.01, high: 1, isLogarithmic: true });
    expect(scale && fractionOf(0.1, scale)).toBeCloseTo(0.5);
  });

  it("is even where they do not, or fall below zero", () => {
    expect(lossScale([1, 2])?.isLogarithmic).toBe(false);
    const scale = lossScale([-1, 3]);
    expect(scale && fractionOf(0, scale)).toBe(0.25);
  });

  it("leaves out what is still to come, and shows the infinite as the highest", () => {
    const scale = lossScale([Number.NaN, 1, Number.POSITIVE_INFINITY, 2]);
    expect(scale).toEqual({ low: 1, high: 2, isLogarithmic: false });
    expect(scale && fractionOf(Number.POSITIVE_INFINITY, scale)).toBe(1);
    expect(lossScale([Number.NaN])).toBeNull();
  });
});
