/** Predicted against actual values, and residuals: one mark for each sample. */

import { scaleLinear } from "d3-scale";
import type { Numbers } from "../wire/frames";
import { css, type Rgb, type Theme } from "./colours";
import { font } from "./fonts";
import { drawAxes, type PlaneFrame, planeFrame } from "./plane";
import type { Surface } from "./surface";

export interface Rows {
  readonly actual: Numbers;
  readonly predicted: Numbers;
  readonly residual: Numbers;
}

export type ScatterLook = "predicted by actual" | "residual by predicted";

export interface Extent {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

export interface ScatterPicture {
  readonly look: ScatterLook;
  readonly extent: Extent;
  readonly train: Rows;
  readonly test: Rows;
  readonly names: { readonly x: string; readonly y: string };
}

export function across(rows: Rows, look: ScatterLook): Numbers {
  return look === "predicted by actual" ? rows.actual : rows.predicted;
}

export function upwards(rows: Rows, look: ScatterLook): Numbers {
  return look === "predicted by actual" ? rows.predicted : rows.residual;
}

/** Predictions with an error larger than the range of the targets are drawn at the edge. */
const FARTHEST = 1;

/** Return the ends of both axes, rounded, so that they stay the same while predictions change. */
export function scatterExtent(
  rows: readonly Rows[],
  targets: readonly [number, number],
  look: ScatterLook,
): Extent {
  const span = targets[1] - targets[0] || 1;
  const [least, most] = [targets[0] - FARTHEST * span, targets[1] + FARTHEST * span];
  let [low, high] = targets;
  let left = 0;
  for (const { predicted, residual } of rows) {
    for (let row = 0; row < predicted.length; row++) {
      low = Math.min(low, Math.max(least, predicted[row] as number));
      high = Math.max(high, Math.min(most, predicted[row] as number));
      left = Math.max(left, Math.abs(residual[row] as number));
    }
  }
  const values = round(low, high);
  if (look === "predicted by actual") return { x: values, y: values };
  const reach = Math.min(left || span, 2 * span);
  return { x: values, y: round(-reach, reach) };
}

function round(low: number, high: number): [number, number] {
  const margin = 0.02 * (high - low) || 0.5;
  const [from = low, to = high] = scaleLinear([low - margin, high + margin], [0, 1])
    .nice(10)
    .domain();
  return [from, to];
}

export function drawScatter(surface: Surface, picture: ScatterPicture): void {
  const { context, theme, width, height } = surface;
  const { look, extent, names } = picture;
  const frame = planeFrame(width, height, extent);
  drawGuide(surface, frame, picture);
  for (const part of ["train", "test"] as const) {
    const rows = picture[part];
    context.beginPath();
    for (let row = 0; row < rows.predicted.length; row++) {
      const [x, y] = markOf(frame, extent, rows, look, row);
      const radius = radiusOf(rows);
      context.moveTo(x + radius, y);
      context.arc(x, y, radius, 0, 2 * Math.PI);
    }
    if (part === "train") fill(context, theme);
    else ring(context, theme);
  }
  drawAxes(surface, frame, { x: extent.x, y: extent.y }, { x: names.x, y: "" });
  nameUpwards(surface, frame, names.y);
}

/** Return the position of a sample's mark, at the edge if it would lie outside. */
export function markOf(
  frame: PlaneFrame,
  { x, y }: Extent,
  rows: Rows,
  look: ScatterLook,
  row: number,
): [number, number] {
  const right = Math.min(x[1], Math.max(x[0], across(rows, look)[row] as number));
  const up = Math.min(y[1], Math.max(y[0], upwards(rows, look)[row] as number));
  return [frame.x(right), frame.y(up)];
}

function radiusOf(rows: Rows): number {
  return rows.predicted.length > 600 ? 2.2 : 3.2;
}

export function partColour(part: "train" | "test", theme: Theme): Rgb {
  if (part === "train") return theme.dark ? [124, 192, 239] : [0, 90, 146];
  return theme.dark ? [240, 160, 80] : [190, 84, 0];
}

function fill(context: CanvasRenderingContext2D, theme: Theme): void {
  context.fillStyle = css(partColour("train", theme), 0.5);
  context.fill();
}

function ring(context: CanvasRenderingContext2D, theme: Theme): void {
  context.lineWidth = 3;
  context.strokeStyle = css(theme.paper, 0.7);
  context.stroke();
  context.lineWidth = 1.5;
  context.strokeStyle = css(partColour("test", theme));
  context.stroke();
}

/** Write the vertical axis's name inside the frame, because wide numbers leave no space outside. */
function nameUpwards({ context, theme }: Surface, frame: PlaneFrame, name: string): void {
  context.font = font(11);
  context.textAlign = "left";
  context.textBaseline = "top";
  context.fillStyle = css(theme.paper, 0.8);
  context.fillRect(frame.left + 3, frame.top + 3, context.measureText(name).width + 18, 16);
  context.fillStyle = css(theme.muted);
  context.fillText(`↑ ${name}`, frame.left + 6, frame.top + 5);
}

/** Line of perfect predictions: the diagonal, or zero. */
function drawGuide({ context, theme }: Surface, frame: PlaneFrame, picture: ScatterPicture): void {
  const { x, y } = picture.extent;
  const isDiagonal = picture.look === "predicted by actual";
  context.beginPath();
  context.moveTo(frame.x(x[0]), frame.y(isDiagonal ? y[0] : 0));
  context.lineTo(frame.x(x[1]), frame.y(isDiagonal ? y[1] : 0));
  context.lineWidth = 1.5;
  context.setLineDash([6, 4]);
  context.strokeStyle = css(theme.ink, 0.7);
  context.stroke();
  context.setLineDash([]);
}

/** A ring around the sample whose values are shown. */
export function drawScatterMark(
  { context, theme, width, height }: Surface,
  picture: ScatterPicture,
  place: { part: "train" | "test"; row: number },
): void {
  const frame = planeFrame(width, height, picture.extent);
  const [x, y] = markOf(frame, picture.extent, picture[place.part], picture.look, place.row);
  context.beginPath();
  context.arc(x, y, 7, 0, 2 * Math.PI);
  context.lineWidth = 4;
  context.strokeStyle = css(theme.paper);
  context.stroke();
  context.lineWidth = 2;
  context.strokeStyle = css(theme.ink);
  context.stroke();
}

/** Return the sample whose mark is nearest to a position in pixels, at most `most` away. */
export function nearestRow(
  picture: ScatterPicture,
  frame: PlaneFrame,
  [x, y]: readonly [number, number],
  most: number,
): { part: "train" | "test"; row: number } | null {
  let best: { part: "train" | "test"; row: number } | null = null;
  let least = most * most;
  for (const part of ["train", "test"] as const) {
    for (let row = 0; row < picture[part].predicted.length; row++) {
      const [right, down] = markOf(frame, picture.extent, picture[part], picture.look, row);
      const far = (right - x) ** 2 + (down - y) ** 2;
      if (far <= least) [best, least] = [{ part, row }, far];
    }
  }
  return best;
}

/** Return the samples of a part from left to right, for moving through them by keys. */
export function fromLeft(rows: Rows, look: ScatterLook): number[] {
  const x = across(rows, look);
  return Array.from({ length: x.length }, (_, row) => row).sort(
    (one, other) => (x[one] as number) - (x[other] as number),
  );
}
