import { expect, it } from "vitest";
import { planeFrame } from "../src/drawing/plane";
import { fromLeft, markOf, nearestRow, scatterExtent } from "../src/drawing/scatter";

const rows = (actual: number[], predicted: number[]) => ({
  actual: new Float32Array(actual),
  predicted: new Float32Array(predicted),
  residual: new Float32Array(actual.map((each, row) => each - (predicted[row] ?? 0))),
});
const train = rows([0, 5, 10], [1, 4, 12]);
const test = rows([2, 8], [2.5, 900]);
const names = { x: "", y: "" };

it("has the same round ends on both axes, so that the diagonal is the diagonal", () => {
  const { x, y } = scatterExtent([train], [0, 10], "predicted by actual");
  expect(x).toEqual(y);
  expect(x[0]).toBeLessThanOrEqual(0);
  expect(x[1]).toBeGreaterThanOrEqual(12);
});

it("has zero in the middle of residuals", () => {
  const { y } = scatterExtent([train], [0, 10], "residual by predicted");
  expect(y[0]).toBe(-y[1]);
});

it("is not stretched by one prediction that is far off, which stands at the edge", () => {
  const look = "predicted by actual";
  const extent = scatterExtent([train, test], [0, 10], look);
  expect(extent.x[1]).toBeLessThan(30);
  const frame = planeFrame(300, 300, extent);
  expect(markOf(frame, extent, test, look, 1)[1]).toBeCloseTo(frame.top);
});

it("finds the row that is pointed at, and none where nothing is near", () => {
  const look = "predicted by actual";
  const extent = scatterExtent([train, test], [0, 10], look);
  const picture = { look, extent, train, test, names } as const;
  const frame = planeFrame(300, 300, extent);
  const [x, y] = markOf(frame, extent, test, look, 0);
  expect(nearestRow(picture, frame, [x + 1, y - 1], 20)).toEqual({ part: "test", row: 0 });
  expect(nearestRow(picture, frame, [x + 1, y + 60], 20)).toBeNull();
});

it("goes through rows from left to right", () => {
  expect(fromLeft(rows([3, 1, 2], [0, 0, 0]), "predicted by actual")).toEqual([1, 2, 0]);
});
