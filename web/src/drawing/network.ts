/** Picture of a network: edges by sign and size of their weights, units as maps of their activations. */

import type { Numbers } from "../wire/frames";
import { css, type Rgb, signColour, type Theme } from "./colours";
import { type Edge, ends, type Layout, type Node } from "./networkLayout";
import { classPixels, type Grid, oneClassPixels, signedPixels, valuePixels } from "./region";
import type { Surface } from "./surface";

/** Meaning of the last layer's maps: probabilities of classes, or numbers from the lowest target to the highest. */
export type OutputLook = "classes" | readonly [number, number];

/** The edge or unit under the pointer, or the chosen one. */
export type Marked = Edge | Node | null;

export interface EdgePicture {
  /** Weights of every layer except the inputs, row-major (fan_in, fan_out). */
  readonly weights: readonly Numbers[];
  readonly marked: Marked;
}

export interface UnitPicture {
  readonly biases: readonly Numbers[];
  /** Activations of every shown unit over the plane, layer by layer, inputs first; null if unavailable. */
  readonly maps: readonly (readonly (Grid | null)[])[];
  readonly output: OutputLook;
  readonly marked: Marked;
}

// If there are more edges, only the strongest are drawn: nobody can follow them all, and each takes time.
const MOST_EDGES = 2500;

export function drawEdges(surface: Surface, layout: Layout, picture: EdgePicture): void {
  for (let layer = 1; layer < layout.layers.length; layer++) {
    drawEdgesInto(surface, layout, layer, picture);
  }
}

export function drawUnits(surface: Surface, layout: Layout, picture: UnitPicture): void {
  const sheet = mapSheet(layout, picture, surface.theme);
  layout.layers.forEach((nodes, layer) => {
    for (const node of nodes) {
      drawUnit(surface, layout.sides[layer] ?? 0, node, {
        sheet,
        place: sheet.places[layer]?.[node.unit] ?? null,
        bias: picture.biases[layer - 1]?.[node.unit] ?? null,
        marked: isSame(picture.marked, node),
      });
    }
  });
}

/** Width of an edge: the square root of its weight, so that small weights stay visible. */
export function edgeWidth(weight: number): number {
  return Math.min(7, 0.4 + 2.4 * Math.sqrt(Math.abs(weight)));
}

/** Return the smallest magnitude to draw so that at most `most` edges are drawn. */
export function threshold(weights: Numbers, most: number): number {
  if (weights.length <= most) return 0;
  const sizes = Float32Array.from(weights, Math.abs).sort();
  return sizes[sizes.length - most] as number;
}

function drawEdgesInto(
  surface: Surface,
  layout: Layout,
  layer: number,
  picture: EdgePicture,
): void {
  const weights = picture.weights[layer - 1];
  if (!weights) return;
  const { context, theme } = surface;
  const fanOut = layout.sizes[layer] as number;
  const least = threshold(weights, MOST_EDGES);
  // There is no space for wide lines between small boxes.
  const side = Math.min(layout.sides[layer - 1] ?? 0, layout.sides[layer] ?? 0);
  const thinness = Math.min(1, Math.max(0.35, side / 24));
  for (const from of layout.layers[layer - 1] ?? []) {
    for (const to of layout.layers[layer] ?? []) {
      const weight = weights[from.unit * fanOut + to.unit] as number;
      if (weight === undefined || Math.abs(weight) < least) continue;
      const marked = isEdge(picture.marked, layer, from.unit, to.unit);
      context.strokeStyle = css(signColour(weight, theme), marked ? 1 : opacity(weight));
      context.lineWidth = edgeWidth(weight) * thinness + (marked ? 2 : 0);
      traceEdge(context, layout, from, to);
      context.stroke();
    }
  }
}

function opacity(weight: number): number {
  return 0.22 + 0.68 * Math.min(1, Math.abs(weight));
}

function traceEdge(context: CanvasRenderingContext2D, layout: Layout, from: Node, to: Node): void {
  const [start, end] = ends(layout, from, to);
  const quarter = (end - start) / 4;
  context.beginPath();
  context.moveTo(start, from.y);
  // Two parabolas are drawn twice as fast as one cubic.
  context.quadraticCurveTo(start + quarter, from.y, (start + end) / 2, (from.y + to.y) / 2);
  context.quadraticCurveTo(end - quarter, to.y, end, to.y);
}

interface UnitLook {
  readonly sheet: MapSheet;
  readonly place: Place | null;
  readonly bias: number | null;
  readonly marked: boolean;
}

function drawUnit({ context, theme }: Surface, side: number, { x, y }: Node, look: UnitLook): void {
  const [left, top] = [x - side / 2, y - side / 2];
  context.save();
  context.beginPath();
  context.roundRect(left, top, side, side, Math.min(6, side / 5));
  context.fillStyle = css(theme.paper);
  context.fill();
  context.clip();
  if (look.place) {
    const { x: from, y: under, columns, rows } = look.place;
    context.imageSmoothingEnabled = true;
    context.drawImage(look.sheet.image, from, under, columns, rows, left, top, side, side);
  }
  context.restore();
  context.beginPath();
  context.roundRect(left, top, side, side, Math.min(6, side / 5));
  context.lineWidth = look.marked ? 2.5 : 1.25;
  context.strokeStyle = css(look.marked ? theme.ink : outline(theme));
  context.stroke();
  if (look.bias !== null && side >= 20) drawBias(context, theme, left, top + side, look.bias);
}

/** Draw a bias as a small square at the unit's lower left corner, coloured by sign and magnitude. */
function drawBias(
  context: CanvasRenderingContext2D,
  theme: Theme,
  left: number,
  bottom: number,
  bias: number,
): void {
  context.beginPath();
  context.roundRect(left - 3, bottom - 5, 8, 8, 2);
  context.fillStyle = css(theme.paper);
  context.fill();
  context.fillStyle = css(signColour(bias, theme), 0.15 + 0.85 * Math.min(1, Math.abs(bias)));
  context.fill();
  context.lineWidth = 1;
  context.strokeStyle = css(outline(theme));
  context.stroke();
}

function outline(theme: Theme): Rgb {
  return theme.muted;
}

/** Return the position of a map on the shared canvas. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly columns: number;
  readonly rows: number;
}

interface MapSheet {
  readonly image: HTMLCanvasElement;
  readonly places: readonly (readonly (Place | null)[])[];
}

// Each copy from another canvas forces a synchronisation, so all maps share one canvas.
const bench = document.createElement("canvas");
const SHEET_COLUMNS = 16;

/** Draw all maps side by side and below one another on one canvas. */
function mapSheet({ layers }: Layout, picture: UnitPicture, theme: Theme): MapSheet {
  const maps = picture.maps.flat().filter((map) => map !== null);
  const [columns, rows] = [largestOf(maps, "columns"), largestOf(maps, "rows")];
  stretch(bench, columns * SHEET_COLUMNS, rows * Math.ceil(maps.length / SHEET_COLUMNS));
  const context = bench.getContext("2d");
  let count = 0;
  const places = picture.maps.map((ofLayer, layer) =>
    ofLayer.map((map, unit) => {
      if (!map || !context) return null;
      const x = (count % SHEET_COLUMNS) * columns;
      const y = Math.floor(count / SHEET_COLUMNS) * rows;
      count++;
      const isLast = layer === layers.length - 1;
      const bytes = isLast
        ? outputPixels(picture.output, unit, ofLayer.length, map, theme)
        : signedPixels(map, theme, largest(map));
      context.putImageData(new ImageData(bytes, map.columns, map.rows), x, y);
      return { x, y, columns: map.columns, rows: map.rows };
    }),
  );
  return { image: bench, places };
}

function largestOf(maps: readonly Grid[], side: "columns" | "rows"): number {
  return maps.reduce((most, map) => Math.max(most, map[side]), 1);
}

/** Enlarge a canvas if needed; it never shrinks, because resizing is slow. */
function stretch(canvas: HTMLCanvasElement, width: number, height: number): void {
  if (canvas.width < width) canvas.width = width;
  if (canvas.height < height) canvas.height = height;
}

function outputPixels(look: OutputLook, unit: number, count: number, map: Grid, theme: Theme) {
  if (look !== "classes") return valuePixels(map, look);
  return count === 1 ? classPixels(map, theme) : oneClassPixels(map, theme, unit);
}

function largest(map: Grid): number {
  let most = 1e-6;
  for (let at = 0; at < map.values.length; at++) {
    most = Math.max(most, Math.abs(map.values[at] as number));
  }
  return most;
}

function isSame(marked: Marked, node: Node): boolean {
  return (
    marked !== null && "unit" in marked && marked.layer === node.layer && marked.unit === node.unit
  );
}

function isEdge(marked: Marked, layer: number, from: number, to: number): boolean {
  return (
    marked !== null &&
    "from" in marked &&
    marked.layer === layer &&
    marked.from === from &&
    marked.to === to
  );
}
