/** The displayed plane: its frame, scales, and data points. */

import { scaleLinear } from "d3-scale";
import { classColour, css, mix, sequential, type Theme } from "./colours";
import { traceMark } from "./marks";
import type { Surface } from "./surface";

export interface PlaneFrame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly atX: (pixel: number) => number;
  readonly atY: (pixel: number) => number;
}

export interface Extent {
  x: readonly [number, number];
  y: readonly [number, number];
}

const MARGIN = { left: 34, right: 8, top: 6, bottom: 34 };
const TICKS = 5;

/** Return the largest frame that fits into a canvas. */
export function planeFrame(width: number, height: number, extent: Extent): PlaneFrame {
  const [left, top] = [MARGIN.left, MARGIN.top];
  const inner = {
    width: Math.max(1, width - left - MARGIN.right),
    height: Math.max(1, height - top - MARGIN.bottom),
  };
  const x = scaleLinear(extent.x, [left, left + inner.width]);
  const y = scaleLinear(extent.y, [top + inner.height, top]);
  return { left, top, ...inner, x, y, atX: x.invert, atY: y.invert };
}

export function drawAxes(
  { context, theme }: Surface,
  frame: PlaneFrame,
  extent: Extent,
  names: { x: string; y: string },
): void {
  const { left, top, width, height } = frame;
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = css(theme.muted);
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const tick of scaleLinear(extent.x, [0, 1]).ticks(TICKS)) {
    context.fillText(minus(tick), frame.x(tick), top + height + 5);
  }
  context.fillText(names.x, left + width / 2, top + height + 19);
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const tick of scaleLinear(extent.y, [0, 1]).ticks(TICKS)) {
    context.fillText(minus(tick), left - 5, frame.y(tick));
  }
  context.save();
  context.translate(9, top + height / 2);
  context.rotate(-Math.PI / 2);
  context.textAlign = "center";
  context.fillText(names.y, 0, 0);
  context.restore();
  context.strokeStyle = css(theme.muted);
  context.lineWidth = 1;
  context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
}

export interface Points {
  /** Pairs of x and y. */
  readonly places: ArrayLike<number>;
  /** Class index of each point, or its value from 0 to 1. */
  readonly targets: ArrayLike<number>;
}

/** Training samples are filled, test samples are rings. */
export function drawPoints(
  { context, theme }: Surface,
  frame: PlaneFrame,
  points: Points,
  look: { classes: boolean; test: boolean; radius: number },
): void {
  context.save();
  context.beginPath();
  context.rect(frame.left, frame.top, frame.width, frame.height);
  context.clip();
  for (let index = 0; index < points.targets.length; index++) {
    const x = frame.x(points.places[2 * index] as number);
    const y = frame.y(points.places[2 * index + 1] as number);
    const target = points.targets[index] as number;
    context.beginPath();
    traceMark(context, look.classes ? target : 0, x, y, look.radius);
    paint(context, theme, target, look);
  }
  context.restore();
}

function paint(
  context: CanvasRenderingContext2D,
  theme: Theme,
  target: number,
  look: { classes: boolean; test: boolean },
): void {
  const colour = look.classes ? classColour(target) : sequential(target);
  const dark = mix(colour, [0, 0, 0], theme.dark ? 0.7 : 0.45);
  if (look.test) {
    context.lineWidth = 3;
    context.strokeStyle = css(theme.paper, 0.9);
    context.stroke();
    context.lineWidth = 1.75;
    context.strokeStyle = css(theme.dark ? mix(colour, [255, 255, 255], 0.25) : dark);
    context.stroke();
    return;
  }
  context.fillStyle = css(theme.dark ? mix(colour, [255, 255, 255], 0.15) : colour);
  context.fill();
  context.lineWidth = 1;
  context.strokeStyle = css(theme.dark ? [12, 14, 17] : mix(dark, [255, 255, 255], 0));
  context.stroke();
}

function minus(value: number): string {
  return String(value).replace("-", "−");
}
