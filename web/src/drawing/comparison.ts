/** Curves of several runs in one plot, each with its colour, dashes, and number at its end. */

import { scaleLinear, scaleLog } from "d3-scale";
import { css, type Rgb, type Theme } from "./colours";
import { font } from "./fonts";
import type { Surface } from "./surface";

/** 0 is the present run. */
export interface ComparedLine {
  readonly number: number;
  readonly epochs: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

export interface Extent {
  readonly last: number;
  readonly low: number;
  readonly high: number;
  readonly isLogarithmic: boolean;
}

export interface ComparisonFrame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly x: (epoch: number) => number;
  readonly y: (value: number) => number;
  readonly atX: (pixel: number) => number;
}

export interface LineLook {
  readonly colour: Rgb;
  readonly dash: readonly number[];
  readonly width: number;
}

// The colours of Okabe and Ito's palette that are dark enough on white, and lighter forms for the dark theme.
const ON_PAPER: readonly Rgb[] = [
  [0, 114, 178],
  [190, 76, 0],
  [0, 128, 94],
  [164, 76, 130],
  [138, 94, 0],
  [98, 104, 112],
];
const ON_DARK: readonly Rgb[] = [
  [86, 180, 233],
  [240, 140, 70],
  [50, 190, 145],
  [221, 150, 190],
  [230, 180, 50],
  [176, 181, 190],
];
const DASHES: readonly (readonly number[])[] = [
  [8, 4],
  [2, 3],
  [10, 3, 2, 3],
  [5, 2],
  [12, 5],
  [4, 2, 1, 2, 1, 2],
  [],
];

/** The present run is a strong line in ink; kept runs cycle through colours and dashes, with different periods. */
export function lineLook(number: number, theme: Theme): LineLook {
  if (number === 0) return { colour: theme.ink, dash: [], width: 2.5 };
  const colours = theme.dark ? ON_DARK : ON_PAPER;
  return {
    colour: colours[(number - 1) % colours.length] as Rgb,
    dash: DASHES[(number - 1) % DASHES.length] as readonly number[],
    width: 1.75,
  };
}

const MARGIN = { left: 46, right: 26, top: 8, bottom: 22 };

export function comparisonFrame(width: number, height: number, extent: Extent): ComparisonFrame {
  const { left, top } = MARGIN;
  const inner = {
    width: Math.max(1, width - left - MARGIN.right),
    height: Math.max(1, height - top - MARGIN.bottom),
  };
  const x = scaleLinear([0, extent.last], [left, left + inner.width]);
  const y = heightScale(extent, [top + inner.height, top]);
  return { left, top, ...inner, x, y, atX: x.invert };
}

function heightScale({ low, high, isLogarithmic }: Extent, range: [number, number]) {
  return (isLogarithmic ? scaleLog : scaleLinear)([low, high], range);
}

export function drawComparisonAxes(
  { context, theme }: Surface,
  frame: ComparisonFrame,
  extent: Extent,
): void {
  const { left, top, width, height } = frame;
  context.font = font(11);
  context.fillStyle = css(theme.muted);
  context.strokeStyle = css(theme.line);
  context.lineWidth = 1;
  context.setLineDash([]);
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const tick of scaleLinear([0, extent.last], [0, 1]).ticks(Math.max(2, width / 90))) {
    if (tick % 1 !== 0) continue;
    context.fillText(tick.toLocaleString("en"), frame.x(tick), top + height + 6);
  }
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const tick of heightTicks(extent, height)) {
    const y = Math.round(frame.y(tick)) + 0.5;
    context.fillText(tickName(tick), left - 6, y);
    context.beginPath();
    context.moveTo(left, y);
    context.lineTo(left + width, y);
    context.stroke();
  }
}

function heightTicks(extent: Extent, height: number): number[] {
  const most = Math.max(2, Math.floor(height / 28));
  const ticks = heightScale(extent, [0, 1]).ticks(most);
  if (ticks.length <= most + 1) return ticks;
  // A logarithmic scale has more ticks than fit.
  const every = Math.ceil(ticks.length / most);
  return ticks.filter((_, index) => index % every === 0);
}

function tickName(tick: number): string {
  const size = Math.abs(tick);
  const said =
    size !== 0 && (size < 1e-3 || size >= 1e5)
      ? tick.toExponential(0)
      : String(Number(tick.toPrecision(3)));
  return said.replace("-", "−").replace("e+", "e");
}

export function drawComparedLine(
  surface: Surface,
  frame: ComparisonFrame,
  line: ComparedLine,
): void {
  const { context, theme } = surface;
  const look = lineLook(line.number, theme);
  context.save();
  context.beginPath();
  context.rect(frame.left, 0, frame.width, frame.top + frame.height);
  context.clip();
  traceLine(context, frame, line);
  context.setLineDash([...look.dash]);
  context.lineWidth = look.width;
  context.lineJoin = "round";
  context.strokeStyle = css(look.colour);
  context.stroke();
  context.restore();
}

function traceLine(
  context: CanvasRenderingContext2D,
  frame: ComparisonFrame,
  { epochs, values }: ComparedLine,
): void {
  context.beginPath();
  let isDown = false;
  for (let at = 0; at < epochs.length; at++) {
    const y = frame.y(values[at] as number);
    if (!Number.isFinite(y)) {
      isDown = false;
      continue;
    }
    const x = frame.x(epochs[at] as number);
    if (isDown) context.lineTo(x, y);
    else context.moveTo(x, y);
    isDown = true;
  }
}

/** Numbers of the kept runs at the ends of their lines, moved apart if they would overlap. */
export function drawNumbers(
  { context, theme }: Surface,
  frame: ComparisonFrame,
  lines: readonly ComparedLine[],
): void {
  context.font = font(11, 600);
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const { number, x, y } of apart(ends(frame, lines), frame)) {
    context.fillStyle = css(theme.paper, 0.8);
    context.fillRect(x - 2, y - 6, context.measureText(String(number)).width + 4, 12);
    context.fillStyle = css(lineLook(number, theme).colour);
    context.fillText(String(number), x, y);
  }
}

interface End {
  readonly number: number;
  readonly x: number;
  y: number;
}

const LINE_OF_TEXT = 11;

function ends(frame: ComparisonFrame, lines: readonly ComparedLine[]): End[] {
  return lines.flatMap(({ number, epochs, values }) => {
    const last = epochs.length - 1;
    const y = frame.y(values[last] as number);
    const inside = Math.min(frame.top + frame.height, Math.max(frame.top, y));
    return last >= 0 && Number.isFinite(y)
      ? [{ number, x: frame.x(epochs[last] as number) + 5, y: inside }]
      : [];
  });
}

function apart(all: End[], frame: ComparisonFrame): End[] {
  const placed: End[] = [];
  for (const end of all.sort((one, other) => one.y - other.y)) {
    for (const other of placed) {
      if (Math.abs(other.x - end.x) < 14 && end.y - other.y < LINE_OF_TEXT) {
        end.y = other.y + LINE_OF_TEXT;
      }
    }
    // If there is no space below, use the line's own end.
    if (end.y <= frame.top + frame.height + LINE_OF_TEXT) placed.push(end);
  }
  return placed;
}

/** Draw a vertical line at the pointer, and a dot on every curve. */
export function drawPointed(
  { context, theme }: Surface,
  frame: ComparisonFrame,
  epoch: number,
  dots: readonly { number: number; value: number }[],
): void {
  const x = frame.x(epoch);
  context.setLineDash([]);
  context.lineWidth = 1;
  context.strokeStyle = css(theme.muted);
  context.beginPath();
  context.moveTo(x, frame.top);
  context.lineTo(x, frame.top + frame.height);
  context.stroke();
  for (const { number, value } of dots) {
    const y = frame.y(value);
    if (!Number.isFinite(y)) continue;
    context.beginPath();
    context.arc(x, y, 3.5, 0, 2 * Math.PI);
    context.fillStyle = css(lineLook(number, theme).colour);
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = css(theme.paper);
    context.stroke();
  }
}
