import { describe, expect, it } from "vitest";
import { margins } from "../src/drawing/boundary";
import { CLASS_COLOURS, DARK, LIGHT, mix } from "../src/drawing/colours";
import { classPixels, signedPixels, winnerAt } from "../src/drawing/region";

describe("classPixels", () => {
  it("puts the plane's lowest row at the bottom of the picture", () => {
    const grid = { columns: 1, rows: 2, depth: 1, values: [0, 1] };
    const pixels = classPixels(grid, LIGHT);
    expect([...pixels.slice(0, 3)]).toEqual(mix(LIGHT.paper, CLASS_COLOURS[1] ?? [0, 0, 0], 0.55));
    expect([...pixels.slice(4, 7)]).toEqual(mix(LIGHT.paper, CLASS_COLOURS[0] ?? [0, 0, 0], 0.55));
  });

  it("is almost paper where the network only guesses", () => {
    for (const theme of [LIGHT, DARK]) {
      const grid = { columns: 1, rows: 1, depth: 3, values: [0.34, 0.33, 0.33] };
      const [red = 0] = classPixels(grid, theme);
      expect(Math.abs(red - theme.paper[0])).toBeLessThan(20);
    }
  });
});

it("takes one probability as that of the second class", () => {
  expect(winnerAt({ columns: 1, rows: 1, depth: 1, values: [0.8] }, 0)).toEqual([1, 0.8]);
  const [winner, probability] = winnerAt({ columns: 1, rows: 1, depth: 1, values: [0.1] }, 0);
  expect(winner).toBe(0);
  expect(probability).toBeCloseTo(0.9);
});

it("draws numbers beyond the scale as its ends, and not as something else", () => {
  const grid = { columns: 2, rows: 1, depth: 1, values: [50, 1] };
  const pixels = signedPixels(grid, LIGHT, 1);
  expect([...pixels.slice(0, 4)]).toEqual([...pixels.slice(4, 8)]);
});

it("has boundaries where the best class changes", () => {
  const grid = { columns: 2, rows: 1, depth: 3, values: [0.5, 0.3, 0.2, 0.2, 0.3, 0.5] };
  const close = (found: number[], expected: number[]) =>
    found.forEach((value, place) => {
      expect(value).toBeCloseTo(expected[place] ?? Number.NaN);
    });
  close(margins(grid, 0), [0.2, -0.3]);
  close(margins(grid, 2), [-0.3, 0.2]);
});
