import { describe, expect, it } from "vitest";
import { LIGHT } from "../src/drawing/colours";
import { heightOfTiles, layOutTiles, signedEnds, tilePixels } from "../src/drawing/tiles";

const ROOM = { least: 36, most: 64, lines: 1 };

describe("layOutTiles", () => {
  it("keeps an image's form and every image within the width", () => {
    const boxes = layOutTiles(24, 350, [4, 8], ROOM);
    for (const { left, width, height } of boxes) {
      expect(left + width).toBeLessThanOrEqual(350);
      expect(height).toBeCloseTo(width / 2);
      expect(width).toBeGreaterThanOrEqual(36);
    }
    expect(heightOfTiles(boxes, ROOM)).toBeGreaterThan(boxes.at(-1)?.top ?? 0);
  });

  it("draws few images no larger than the most, and none in no room", () => {
    expect(layOutTiles(2, 1000, [8, 8], ROOM)[0]?.width).toBe(64);
    expect(heightOfTiles(layOutTiles(0, 300, [8, 8], ROOM), ROOM)).toBe(0);
  });
});

it("has the paper at zero, whatever the scale", () => {
  expect([...tilePixels([0, 1, -1], "signed", [-1, 1], LIGHT).slice(0, 3)]).toEqual([
    255, 255, 255,
  ]);
  const [ink, paper] = [
    tilePixels([16], "ink", [0, 16], LIGHT),
    tilePixels([0], "ink", [0, 16], LIGHT),
  ];
  expect([...ink.slice(0, 3)]).toEqual([...LIGHT.ink]);
  expect([...paper.slice(0, 3)]).toEqual([...LIGHT.paper]);
});

it("has one scale for all images, or each its own", () => {
  const images = [
    [1, -4],
    [0.5, 0],
  ];
  expect(signedEnds(images, true)).toEqual([
    [-4, 4],
    [-4, 4],
  ]);
  expect(signedEnds(images, false)[1]).toEqual([-0.5, 0.5]);
});
