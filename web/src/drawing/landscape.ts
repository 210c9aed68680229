/** The loss over a slice: shades, contours of equal loss, the path of the run, and its present position. */

import { contours } from "d3-contour";
import { sequential } from "./colours";
import { font } from "./fonts";
import type { PlaneFrame } from "./plane";
import type { Surface } from "./surface";

type Numbers = ArrayLike<number>;

/** Losses at the points of a grid, lowest row first; NaN if unavailable. */
export interface Heights {
  readonly columns: number;
  readonly rows: number;
  readonly losses: Numbers;
}

/** Mapping of losses to shades: logarithmic if they span a wide range. */
export interface LossScale {
  readonly low: number;
  readonly high: number;
  readonly isLogarithmic: boolean;
}

// At this ratio of the highest to the lowest loss, shades become logarithmic, as in lamina's plots.
const WIDE = 5;
const LEVELS = 14;

export function lossScale(losses: Numbers): LossScale | null {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < losses.length; at++) {
    const loss = losses[at] as number;
    if (!Number.isFinite(loss)) continue;
    low = Math.min(low, loss);
    high = Math.max(high, loss);
  }
  if (low > high) return null;
  return { low, high, isLogarithmic: low > 0 && high > WIDE * low };
}

/** Return 0 for the lowest loss, and 1 for the highest and for infinity. */
export function fractionOf(loss: number, { low, high, isLogarithmic }: LossScale): number {
  if (loss === Number.POSITIVE_INFINITY) return 1;
  if (high <= low) return 0;
  if (!isLogarithmic) return (loss - low) / (high - low);
  return Math.log(loss / low) / Math.log(high / low);
}

/** Shades of cividis: dark is low. */
export function drawHeights(
  { context }: Surface,
  frame: PlaneFrame,
  heights: Heights,
  scale: LossScale,
): void {
  const { columns, rows } = heights;
  // The outer grid points are on the frame's edges, so half a cell of the picture lies outside.
  const [across, upwards] = [frame.width / (columns - 1), frame.height / (rows - 1)];
  context.save();
  context.beginPath();
  context.rect(frame.left, frame.top, frame.width, frame.height);
  context.clip();
  context.imageSmoothingEnabled = true;
  context.drawImage(
    pixels(heights, scale),
    frame.left - across / 2,
    frame.top - upwards / 2,
    frame.width + across,
    frame.height + upwards,
  );
  context.restore();
}

function pixels({ columns, rows, losses }: Heights, scale: LossScale): HTMLCanvasElement {
  const image = document.createElement("canvas");
  image.width = columns;
  image.height = rows;
  const bytes = new Uint8ClampedArray(4 * columns * rows);
  for (let row = 0; row < rows; row++) {
    // Pixel rows count from the top, rows of the slice from the bottom.
    let at = 4 * columns * (rows - 1 - row);
    for (let column = 0; column < columns; column++) {
      const loss = losses[row * columns + column] as number;
      if (!Number.isNaN(loss)) bytes.set([...sequential(fractionOf(loss, scale)), 255], at);
      at += 4;
    }
  }
  image.getContext("2d")?.putImageData(new ImageData(bytes, columns, rows), 0, 0);
  return image;
}

/** Lines of equal loss, at even steps of the shades. */
export function drawContours(
  { context }: Surface,
  frame: PlaneFrame,
  heights: Heights,
  scale: LossScale,
): void {
  const { columns, rows, losses } = heights;
  const fractions = Array.from(losses, (loss) => fractionOf(loss, scale));
  if (fractions.some(Number.isNaN)) return;
  const levels = Array.from({ length: LEVELS - 1 }, (_, level) => (level + 1) / LEVELS);
  context.save();
  context.beginPath();
  context.rect(frame.left + 1, frame.top + 1, frame.width - 2, frame.height - 2);
  context.clip();
  context.beginPath();
  for (const { coordinates } of contours().size([columns, rows]).thresholds(levels)(fractions)) {
    for (const ring of coordinates.flat()) {
      ring.forEach(([x = 0, y = 0], number) => {
        const right = frame.left + ((x - 0.5) / (columns - 1)) * frame.width;
        const down = frame.top + frame.height - ((y - 0.5) / (rows - 1)) * frame.height;
        if (number === 0) context.moveTo(right, down);
        else context.lineTo(right, down);
      });
    }
  }
  context.lineWidth = 1;
  context.strokeStyle = "rgb(255 255 255 / 40%)";
  context.stroke();
  context.restore();
}

export interface Way {
  readonly epochs: Numbers;
  /** Pairs of coordinates along the first and the second direction. */
  readonly positions: Numbers;
}

/** Draw the path of the run from its first epoch: light on dark, visible on every shade. */
export function drawWay({ context }: Surface, frame: PlaneFrame, way: Way): void {
  context.lineJoin = "round";
  context.beginPath();
  for (let at = 0; at < way.epochs.length; at++) {
    const [x, y] = placeOf(frame, way, at);
    if (at === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
  for (const [width, colour] of [[4.5, DARK_EDGE] as const, [2, LIGHT] as const]) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
  for (const at of marked(way.epochs.length)) {
    context.beginPath();
    context.arc(...placeOf(frame, way, at), at === 0 ? 4 : 2.6, 0, 2 * Math.PI);
    context.fillStyle = at === 0 ? DARK_EDGE : LIGHT;
    context.fill();
    context.lineWidth = 1.25;
    context.strokeStyle = at === 0 ? LIGHT : DARK_EDGE;
    context.stroke();
  }
  nameEnds(context, frame, way);
}

const LIGHT = "rgb(255 255 255)";
const DARK_EDGE = "rgb(20 24 32 / 85%)";
const GROUND = "rgb(20 24 32 / 60%)";
// Orange is visible on both ends of cividis.
const STAR = "rgb(230 120 30)";
const MOST_MARKS = 9;

function marked(count: number): number[] {
  const most = Math.min(count, MOST_MARKS);
  return Array.from({ length: most }, (_, mark) =>
    Math.round((mark * (count - 1)) / Math.max(1, most - 1)),
  );
}

/** Mark the first and the last epoch of the path. */
function nameEnds(context: CanvasRenderingContext2D, frame: PlaneFrame, way: Way): void {
  const last = way.epochs.length - 1;
  for (const at of last > 0 ? [0, last] : [0]) {
    const [x, y] = placeOf(frame, way, at);
    const text = `epoch ${(way.epochs[at] as number).toLocaleString("en")}`;
    context.font = font(11, 600);
    const half = context.measureText(text).width / 2 + 3;
    const right = Math.min(frame.left + frame.width - half, Math.max(frame.left + half, x));
    const below = y - 14 < frame.top + 6;
    write(context, text, right, below ? y + 16 : y - 14);
  }
}

function write(context: CanvasRenderingContext2D, text: string, x: number, y: number): void {
  context.textAlign = "center";
  context.textBaseline = "middle";
  const width = context.measureText(text).width + 8;
  context.fillStyle = GROUND;
  context.fillRect(x - width / 2, y - 8, width, 16);
  context.fillStyle = LIGHT;
  context.fillText(text, x, y);
}

function placeOf(frame: PlaneFrame, { positions }: Way, at: number): [number, number] {
  return [frame.x(positions[2 * at] as number), frame.y(positions[2 * at + 1] as number)];
}

/** Draw the present network as a star, at the edge if it lies outside the slice. */
export function drawPresent(
  { context }: Surface,
  frame: PlaneFrame,
  [right, up]: readonly [number, number],
): void {
  const inside = (value: number, low: number, length: number) =>
    Math.min(low + length, Math.max(low, value));
  const x = inside(frame.x(right), frame.left, frame.width);
  const y = inside(frame.y(up), frame.top, frame.height);
  context.beginPath();
  for (let corner = 0; corner < 10; corner++) {
    const angle = -Math.PI / 2 + (Math.PI * corner) / 5;
    const radius = corner % 2 === 0 ? 10 : 4.4;
    context.lineTo(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
  }
  context.closePath();
  context.lineJoin = "round";
  context.fillStyle = STAR;
  context.fill();
  context.lineWidth = 1.75;
  context.strokeStyle = DARK_EDGE;
  context.stroke();
}
