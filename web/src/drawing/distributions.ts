/** Distributions over time: a small picture for each layer, darker at higher density. */

import type { Numbers } from "../wire/frames";
import { css, mix, type Rgb, signColour, type Theme } from "./colours";
import { font } from "./fonts";
import { imageOf } from "./pixels";
import type { Surface } from "./surface";

/** Quantiles at evenly spaced levels, of every layer in every column. */
export interface Spread {
  /** Epoch of each column, ascending. */
  readonly epochs: Numbers;
  readonly quantiles: Numbers;
  readonly layers: number;
  readonly levels: number;
}

export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly logarithmic: boolean;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface SpreadPicture {
  readonly spread: Spread;
  /** One for each layer. */
  readonly scales: readonly Scale[];
  readonly hasOneScale: boolean;
  /** True if colour shows the sign. */
  readonly isSigned: boolean;
  readonly heads: readonly Head[];
}

/** Title of a picture, and a short form for narrow pictures. */
export interface Head {
  readonly title: string;
  readonly note: string;
  readonly short: readonly [title: string, note: string];
}

const GAP = 7;
const GUTTER = 40;
const TITLE = 16;
const FOOT = 14;
const NARROWEST = 48;
export const LOWEST = 104;

/** Return the number of rows of pictures for a width. */
export function rowsOf(count: number, width: number): number {
  return Math.ceil(count / perRow(count, width));
}

function perRow(count: number, width: number): number {
  const most = Math.floor((width - GUTTER + GAP) / (NARROWEST + GAP));
  return Math.max(1, Math.min(count, most));
}

/** Return a box for each layer's picture, side by side in as few rows as possible. */
export function layOutSpreads(count: number, width: number, height: number): Box[] {
  const columns = perRow(count, width);
  const high = height / rowsOf(count, width);
  const wide = (width - GUTTER + GAP) / columns - GAP;
  return Array.from({ length: count }, (_, index) => ({
    left: GUTTER + (index % columns) * (wide + GAP),
    top: Math.floor(index / columns) * high + TITLE,
    width: Math.max(1, wide),
    height: Math.max(1, high - TITLE - FOOT),
  }));
}

// A logarithmic scale covers this many powers of ten below its largest number; smaller ones are negligible.
const DECADES = 12;

/** Return the scale from the lowest to the highest number of one layer; of all layers for null. */
export function scaleOf(spread: Spread, layer: number | null, logarithmic: boolean): Scale {
  const { layers, levels, quantiles } = spread;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let start = 0; start < quantiles.length; start += levels) {
    if (layer !== null && (start / levels) % layers !== layer) continue;
    // A few numbers near zero would make a logarithmic scale too long.
    const least = quantiles[start + (logarithmic ? 1 : 0)] as number;
    const most = quantiles[start + levels - 1] as number;
    if (!logarithmic || least > 0) low = Math.min(low, least);
    if (!logarithmic || most > 0) high = Math.max(high, most);
  }
  if (!Number.isFinite(high)) return { low: logarithmic ? 0.1 : -1, high: 1, logarithmic };
  if (logarithmic) {
    const floor = Math.max(Math.min(low, high / 10), high * 10 ** -DECADES);
    return { low: floor, high: high * 1.2, logarithmic };
  }
  const margin = 0.04 * (high - low) || 0.5;
  return { low: low - margin, high: high + margin, logarithmic };
}

/** Return a number's height on a scale, from 0 at the low end to 1. */
export function heightOf(value: number, { low, high, logarithmic }: Scale): number {
  if (!logarithmic) return (value - low) / (high - low);
  if (value <= 0) return Number.NEGATIVE_INFINITY;
  return Math.log(value / low) / Math.log(high / low);
}

/**
 * Return the density of a column's numbers in each of `count` equal parts of a scale, from the lower end, relative to a
 * uniform distribution over the whole scale. Between two quantiles the numbers are assumed to be uniform.
 */
export function densities(heights: ArrayLike<number>, count: number): Float32Array {
  const found = new Float32Array(count);
  const mass = count / (heights.length - 1);
  for (let level = 1; level < heights.length; level++) {
    const from = clamp((heights[level - 1] as number) * count, -count, 2 * count);
    const to = clamp((heights[level] as number) * count, -count, 2 * count);
    if (!(to - from >= 1)) {
      const part = Math.floor((from + to) / 2);
      if (part >= 0 && part < count) found[part] = (found[part] as number) + mass;
      continue;
    }
    const last = Math.min(count - 1, Math.ceil(to) - 1);
    for (let part = Math.max(0, Math.floor(from)); part <= last; part++) {
      const covered = Math.min(part + 1, to) - Math.max(part, from);
      found[part] = (found[part] as number) + (mass * covered) / (to - from);
    }
  }
  return found;
}

/** Return the opacity for a density: a minimum keeps the tails visible, and 1 is the maximum. */
export function fullness(density: number): number {
  return density > 0 ? 0.1 + 0.9 * (density / (density + 4)) : 0;
}

/** Return the column before a fraction of the epochs, and how far it is to the next, from 0 to 1; null after the last. */
export function columnsAround(epochs: ArrayLike<number>, epoch: number): [number, number] | null {
  const last = epochs.length - 1;
  if (last < 0 || epoch > (epochs[last] as number)) return null;
  let before = 0;
  while (before < last && (epochs[before + 1] as number) <= epoch) before++;
  if (before === last) return [before, 0];
  const [from, to] = [epochs[before] as number, epochs[before + 1] as number];
  return [before, Math.max(0, (epoch - from) / (to - from))];
}

export function lastEpoch({ epochs }: Spread): number {
  return Math.max(1, epochs[epochs.length - 1] ?? 1);
}

export function drawSpreads(surface: Surface, picture: SpreadPicture): void {
  const { context, theme, width, height } = surface;
  const { spread, scales, hasOneScale } = picture;
  const boxes = layOutSpreads(spread.layers, width, height);
  boxes.forEach((box, layer) => {
    const scale = scales[layer] as Scale;
    drawGround(surface, box, scale);
    paintDensity(surface, box, picture, layer);
    drawMedian(surface, box, spread, layer, scale);
    drawHead(surface, box, picture.heads[layer] as Head);
    const isFirst = layer === 0 || box.left === boxes[0]?.left;
    if (!hasOneScale) drawEnds(surface, box, scale);
    else if (isFirst) drawTicks(surface, box, scale);
    if (isFirst || box.width > 90) drawFoot(context, theme, box, lastEpoch(spread));
  });
}

const FINE = 2;

function paintDensity(
  { context, theme }: Surface,
  box: Box,
  picture: SpreadPicture,
  layer: number,
) {
  const columns = Math.max(1, Math.round(box.width * FINE));
  const rows = Math.max(1, Math.round(box.height * FINE));
  const pixels = densityPixels(picture, layer, theme, columns, rows);
  context.drawImage(imageOf(pixels, columns, rows), box.left, box.top, box.width, box.height);
}

/** Pixels of one layer's picture, row by row from the top. */
export function densityPixels(
  picture: SpreadPicture,
  layer: number,
  theme: Theme,
  columns: number,
  rows: number,
): Uint8ClampedArray<ArrayBuffer> {
  const { spread, isSigned } = picture;
  const scale = picture.scales[layer] as Scale;
  const zero = isSigned ? heightOf(0, scale) * rows : Number.NaN;
  const pixels = new Uint8ClampedArray(4 * columns * rows);
  const above = isSigned ? signColour(1, theme) : mix(theme.paper, theme.ink, 0.8);
  const below = signColour(-1, theme);
  for (let x = 0; x < columns; x++) {
    const heights = heightsAt(spread, layer, scale, (x / columns) * lastEpoch(spread));
    if (!heights) break;
    const dense = densities(heights, rows);
    for (let y = 0; y < rows; y++) {
      const colour: Rgb = y + 0.5 < zero ? below : above;
      const at = 4 * ((rows - 1 - y) * columns + x);
      pixels.set(colour, at);
      pixels[at + 3] = 230 * fullness(dense[y] as number);
    }
  }
  return pixels;
}

/** Return the heights of a layer's quantiles at an epoch, interpolated linearly between columns. */
function heightsAt(
  { epochs, quantiles, layers, levels }: Spread,
  layer: number,
  scale: Scale,
  epoch: number,
): Float64Array | null {
  const around = columnsAround(epochs, epoch);
  if (!around) return null;
  const [column, fraction] = around;
  const start = (column * layers + layer) * levels;
  const next = fraction > 0 ? start + layers * levels : start;
  return Float64Array.from({ length: levels }, (_, level) => {
    const from = heightOf(quantiles[start + level] as number, scale);
    const to = heightOf(quantiles[next + level] as number, scale);
    return fraction > 0 ? Math.max(-9, from) * (1 - fraction) + Math.max(-9, to) * fraction : from;
  });
}

function drawMedian(
  { context, theme }: Surface,
  box: Box,
  spread: Spread,
  layer: number,
  scale: Scale,
): void {
  const middle = (spread.levels - 1) / 2;
  context.save();
  context.beginPath();
  context.rect(box.left, box.top, box.width, box.height);
  context.clip();
  context.beginPath();
  for (let column = 0; column < spread.epochs.length; column++) {
    const value = spread.quantiles[(column * spread.layers + layer) * spread.levels + middle];
    const height = Math.max(-1, heightOf(value as number, scale));
    const x = box.left + ((spread.epochs[column] as number) / lastEpoch(spread)) * box.width;
    context.lineTo(x, box.top + box.height * (1 - height));
  }
  context.lineWidth = 1.25;
  context.lineJoin = "round";
  context.strokeStyle = css(theme.ink);
  context.stroke();
  context.restore();
}

function drawGround({ context, theme }: Surface, box: Box, scale: Scale): void {
  context.strokeStyle = css(theme.line);
  context.lineWidth = 1;
  context.strokeRect(box.left - 0.5, box.top - 0.5, box.width + 1, box.height + 1);
  const zero = scale.logarithmic ? Number.NaN : heightOf(0, scale);
  if (!(zero > 0 && zero < 1)) return;
  const y = Math.round(box.top + box.height * (1 - zero)) + 0.5;
  context.beginPath();
  context.moveTo(box.left, y);
  context.lineTo(box.left + box.width, y);
  context.stroke();
}

const [FONT, STRONG] = [font(11), font(11, 600)];

function drawHead({ context, theme }: Surface, box: Box, head: Head): void {
  const long = [head.title, head.note] as const;
  const [title, note] = isFitting(context, box, long) ? long : head.short;
  context.textBaseline = "alphabetic";
  context.font = STRONG;
  context.textAlign = "left";
  context.fillStyle = css(theme.ink);
  context.fillText(title, box.left, box.top - 5);
  context.font = FONT;
  context.textAlign = "right";
  context.fillStyle = css(theme.muted);
  context.fillText(note, box.left + box.width, box.top - 5);
}

function isFitting(
  context: CanvasRenderingContext2D,
  box: Box,
  [title, note]: readonly [string, string],
): boolean {
  context.font = STRONG;
  return context.measureText(`${title}  ${note}`).width <= box.width;
}

/** Round numbers of a scale: powers of ten on a logarithmic one. */
export function ticksOf(scale: Scale, most: number): number[] {
  const { low, high, logarithmic } = scale;
  if (!logarithmic) {
    const step = roundStep((high - low) / most);
    const first = Math.ceil(low / step);
    const count = Math.max(0, Math.floor(high / step) - first + 1);
    return Array.from({ length: count }, (_, k) => Number(((first + k) * step).toPrecision(10)));
  }
  const [first, last] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))];
  const leap = Math.max(1, Math.ceil((last - first + 1) / most));
  const count = Math.max(0, Math.floor((last - first) / leap) + 1);
  return Array.from({ length: count }, (_, k) => 10 ** (last - k * leap)).reverse();
}

function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5].find((each) => each * power >= rough);
  return (step ?? 10) * power;
}

function drawTicks({ context, theme }: Surface, box: Box, scale: Scale): void {
  context.font = FONT;
  context.fillStyle = css(theme.muted);
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const tick of ticksOf(scale, Math.max(2, Math.floor(box.height / 22)))) {
    const y = box.top + box.height * (1 - heightOf(tick, scale));
    context.fillText(tickName(tick, scale.logarithmic), box.left - 5, y);
  }
}

/** Write the two ends of the scale on each picture, if each has its own. */
function drawEnds({ context, theme }: Surface, box: Box, scale: Scale): void {
  context.font = font(10);
  context.textAlign = "left";
  for (const [value, y, baseline] of [
    [scale.high, box.top + 2, "top"],
    [scale.low, box.top + box.height - 2, "bottom"],
  ] as const) {
    const said = tickName(value, false);
    const up = baseline === "top" ? y : y - 12;
    context.fillStyle = css(theme.paper, 0.75);
    context.fillRect(box.left + 1, up - 1, context.measureText(said).width + 4, 13);
    context.fillStyle = css(theme.ink);
    context.textBaseline = baseline;
    context.fillText(said, box.left + 3, y);
  }
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

export function tickName(value: number, isPower: boolean): string {
  const exponent = Math.round(Math.log10(Math.abs(value)));
  if (isPower && Math.abs(exponent) > 2) {
    const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[Number(digit)]);
    return `10${exponent < 0 ? "⁻" : ""}${digits.join("")}`;
  }
  const size = Math.abs(value);
  const isFar = size >= 1e5 || (size > 0 && size < 1e-3);
  const said = isFar
    ? value.toExponential(0).replace("e+", "e")
    : String(Number(value.toPrecision(2)));
  return said.replaceAll("-", "−");
}

function drawFoot(context: CanvasRenderingContext2D, theme: Theme, box: Box, last: number): void {
  const y = box.top + box.height + 3;
  context.font = font(10);
  context.fillStyle = css(theme.muted);
  context.textBaseline = "top";
  context.textAlign = "left";
  context.fillText("0", box.left, y);
  context.textAlign = "right";
  context.fillText(Math.floor(last).toLocaleString("en"), box.left + box.width, y);
}

/** Mark the displayed epoch and the position of the pointer. */
export function drawSpreadMarks(
  { context, theme, width, height }: Surface,
  spread: Spread,
  marks: { shown: number | null; pointed: { layer: number; epoch: number } | null },
): void {
  const line = (box: Box, epoch: number, dash: number[]) => {
    const x = box.left + (epoch / lastEpoch(spread)) * box.width;
    context.beginPath();
    context.setLineDash(dash);
    context.moveTo(x, box.top);
    context.lineTo(x, box.top + box.height);
    context.stroke();
  };
  context.strokeStyle = css(theme.ink);
  layOutSpreads(spread.layers, width, height).forEach((box, layer) => {
    context.lineWidth = 1.5;
    if (marks.shown !== null) line(box, marks.shown, []);
    context.lineWidth = 1;
    if (marks.pointed?.layer === layer) line(box, marks.pointed.epoch, [3, 3]);
  });
  context.setLineDash([]);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
