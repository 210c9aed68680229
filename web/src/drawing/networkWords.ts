/** Text around a network's picture: names of inputs and outputs, and a description of each layer. */

import { css } from "./colours";
import { font } from "./fonts";
import type { Layout, Node } from "./networkLayout";
import { fitted } from "./picture";
import type { Surface } from "./surface";

export interface NetworkWords {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Text above each layer, inputs first. */
  readonly heads: readonly string[];
}

/** Minimum side of a box with a name next to it. */
export const LEAST_SIDE = 13;
/** Distance between a box and its name. */
export const BESIDE = 6;

/** Maximum fraction of a picture's width for names on each side, and the minimum space in pixels. */
const MOST_OF_WIDTH = 0.24;
const LEAST_ROOM = 40;

const ruler = document.createElement("canvas").getContext("2d");

/** Return the space for the longest name next to the boxes, limited by the picture's width. */
export function roomFor(names: readonly string[], width: number): number {
  if (!ruler) return LEAST_ROOM;
  ruler.font = font(12);
  const longest = Math.max(0, ...names.map((name) => ruler.measureText(name).width));
  return Math.max(LEAST_ROOM, Math.min(MOST_OF_WIDTH * width, Math.ceil(longest) + 2 * BESIDE));
}

export function drawNetworkWords(surface: Surface, layout: Layout, words: NetworkWords): void {
  const { context, width, theme } = surface;
  const last = layout.layers.length - 1;
  const side = (layer: number) => layout.sides[layer] ?? 0;
  const write = (node: Node, name: string | undefined, align: "left" | "right", room: number) => {
    if (name === undefined || side(node.layer) < LEAST_SIDE) return;
    const away = side(node.layer) / 2 + BESIDE;
    context.textAlign = align;
    context.fillText(
      fitted(context, name, room - away),
      node.x + (align === "left" ? away : -away),
      node.y,
    );
  };
  context.font = font(12);
  context.fillStyle = css(theme.ink);
  context.textBaseline = "middle";
  for (const node of layout.layers[0] ?? []) write(node, words.inputs[node.unit], "right", node.x);
  for (const node of layout.layers[last] ?? []) {
    write(node, words.outputs[node.unit], "left", width - node.x);
  }
  drawHeads(surface, layout, words.heads);
}

function drawHeads({ context, theme }: Surface, layout: Layout, heads: readonly string[]): void {
  const pitch = (layout.columns[1] ?? 0) - (layout.columns[0] ?? 0);
  context.font = font(11);
  context.fillStyle = css(theme.muted);
  context.textAlign = "center";
  context.textBaseline = "top";
  layout.columns.forEach((x, layer) => {
    context.fillText(fitted(context, heads[layer] ?? "", pitch - BESIDE), x, 0);
  });
}
