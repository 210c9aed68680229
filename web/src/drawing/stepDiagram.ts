/** A network within one step: each unit's value for one sample, and the layer being computed. */

import { css, diverging, mix, POSITIVE, POSITIVE_ON_DARK, signColour, type Theme } from "./colours";
import { font } from "./fonts";
import { largest } from "./largest";
import { ends, type Layout, type Node } from "./networkLayout";
import type { Surface } from "./surface";

export interface StepPicture {
  /** Weights of every layer except the inputs, row-major (fan_in, fan_out); fewer if not all were sent. */
  readonly weights: readonly { values: ArrayLike<number>; columns: number }[];
  /** Each layer's numbers for the sample, inputs first; null if they are not computed yet. */
  readonly numbers: readonly (ArrayLike<number> | null)[];
  /** The layer being computed; null if none is. */
  readonly active: number | null;
}

const MOST_EDGES = 1200;
const ROOM_FOR_TEXT = 30;

export function drawStepDiagram(surface: Surface, layout: Layout, picture: StepPicture): void {
  if (picture.active !== null) markColumn(surface, layout, picture.active);
  for (let layer = 1; layer < layout.layers.length; layer++) {
    drawEdges(surface, layout, layer, picture);
  }
  layout.layers.forEach((nodes, layer) => {
    const numbers = picture.numbers[layer] ?? null;
    const scale = numbers ? largest(numbers) || 1 : 1;
    for (const node of nodes) {
      const value = numbers ? (numbers[node.unit] ?? null) : null;
      drawNode(surface, layout.sides[layer] ?? 0, node, value, scale);
    }
  });
}

function markColumn({ context, theme, height }: Surface, layout: Layout, layer: number): void {
  const half = (layout.sides[layer] ?? 0) / 2 + 8;
  const blue = theme.dark ? POSITIVE_ON_DARK : POSITIVE;
  context.beginPath();
  context.roundRect((layout.columns[layer] ?? 0) - half, 1, 2 * half, height - 2, 8);
  context.fillStyle = css(mix(theme.paper, blue, 0.12));
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = css(mix(theme.paper, blue, 0.8));
  context.stroke();
}

function drawEdges(
  { context, theme }: Surface,
  layout: Layout,
  layer: number,
  picture: StepPicture,
): void {
  const weights = picture.weights[layer - 1];
  const [before, after] = [layout.layers[layer - 1] ?? [], layout.layers[layer] ?? []];
  if (!weights || before.length * after.length > MOST_EDGES) return;
  const faint = picture.active === null || picture.active === layer ? 1 : 0.35;
  for (const from of before) {
    for (const to of after) {
      const weight = weights.values[from.unit * weights.columns + to.unit];
      if (weight === undefined || to.unit >= weights.columns) continue;
      const [start, end] = ends(layout, from, to);
      const middle = (start + end) / 2;
      context.beginPath();
      context.moveTo(start, from.y);
      context.bezierCurveTo(middle, from.y, middle, to.y, end, to.y);
      context.lineWidth = Math.min(4, 0.4 + 1.6 * Math.sqrt(Math.abs(weight)));
      const fraction = faint * (0.2 + 0.6 * Math.min(1, Math.abs(weight)));
      context.strokeStyle = css(signColour(weight, theme), fraction);
      context.stroke();
    }
  }
}

function drawNode(
  { context, theme }: Surface,
  side: number,
  { x, y }: Node,
  value: number | null,
  scale: number,
): void {
  context.beginPath();
  context.roundRect(x - side / 2, y - side / 2, side, side, Math.min(6, side / 5));
  context.fillStyle = css(theme.paper);
  context.fill();
  if (value !== null && Number.isFinite(value)) {
    context.fillStyle = css(
      mix(theme.paper, diverging(Math.sign(value), theme), tint(value, scale)),
    );
    context.fill();
  }
  context.lineWidth = 1.25;
  context.strokeStyle = css(theme.muted, value === null ? 0.5 : 1);
  context.stroke();
  if (value !== null && side >= ROOM_FOR_TEXT) write(context, theme, x, y, value);
}

function tint(value: number, scale: number): number {
  return 0.55 * Math.min(1, Math.abs(value) / scale);
}

function write(
  context: CanvasRenderingContext2D,
  theme: Theme,
  x: number,
  y: number,
  value: number,
): void {
  context.font = font(10);
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = css(theme.ink);
  context.fillText(brief(value), x, y);
}

/** Return a number with few enough digits for a small box. */
function brief(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return "0";
  const said =
    size >= 1000 || size < 0.001 ? value.toExponential(0) : String(Number(value.toPrecision(2)));
  return said.replaceAll("-", "−");
}
