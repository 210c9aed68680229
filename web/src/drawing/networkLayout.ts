/** Layout of a network's units in its picture. */

export interface Node {
  readonly layer: number;
  readonly unit: number;
  /** Centre, in CSS pixels. */
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Side of each layer's boxes. */
  readonly sides: readonly number[];
  /** Boxes of each layer, inputs first and outputs last; a condensed layer has fewer boxes than units. */
  readonly layers: readonly (readonly Node[])[];
  /** Number of units of each layer. */
  readonly sizes: readonly number[];
  /** Centre of each layer's column. */
  readonly columns: readonly number[];
}

export interface Room {
  readonly width: number;
  readonly height: number;
  /** Space above the units for text about a layer, and below them. */
  readonly top: number;
  readonly bottom: number;
  /** Space left of the first and right of the last column, for names. */
  readonly left: number;
  readonly right: number;
}

const LARGEST_SIDE = 54;
const SMALLEST_SIDE = 6;
const MOST_BOXES = 64;
/** Minimum distance of boxes, in units of their side. */
const GAP = 1.25;

/** Place columns at even distances, and centre the units in each column. */
export function layOut(sizes: readonly number[], room: Room): Layout {
  const { width, height } = room;
  const shown = sizes.map((size) => Math.min(size, MOST_BOXES));
  const free = Math.max(1, height - room.top - room.bottom);
  const across = Math.max(0, width - room.left - room.right) / Math.max(1, sizes.length - 0.5);
  const most = Math.min(LARGEST_SIDE, across * 0.5);
  // Layers of the same size look the same: only layers that do not fit are made smaller.
  const usual = Math.min(most, free / (Math.min(12, Math.max(1, ...shown)) * GAP));
  const sides = shown.map((count) =>
    Math.max(SMALLEST_SIDE, Math.min(usual, free / (count * GAP))),
  );
  const columns = columnsOf(sides, room);
  const layers = shown.map((count, layer) => {
    const pitch = Math.min((sides[layer] as number) * 1.35, free / count);
    const first = room.top + free / 2 - (pitch * (count - 1)) / 2;
    const x = columns[layer] as number;
    return Array.from({ length: count }, (_, unit) => ({
      layer,
      unit,
      x,
      y: first + pitch * unit,
    }));
  });
  return { width, height, sides, layers, sizes, columns };
}

function columnsOf(sides: readonly number[], room: Room): number[] {
  const first = room.left + (sides[0] ?? 0) / 2;
  const last = room.width - room.right - (sides.at(-1) ?? 0) / 2;
  const steps = Math.max(1, sides.length - 1);
  return sides.map((_, layer) => first + (Math.max(0, last - first) * layer) / steps);
}

/** Return the unit whose box contains a position. */
export function nodeAt(layout: Layout, x: number, y: number): Node | null {
  for (const [layer, nodes] of layout.layers.entries()) {
    const half = (layout.sides[layer] ?? 0) / 2;
    if (Math.abs((layout.columns[layer] ?? 0) - x) > Math.max(half, 12)) continue;
    const found = nodes.find((node) => Math.abs(node.y - y) <= half);
    if (found) return found;
  }
  return null;
}

export interface Edge {
  /** Index of the layer at the edge's end: 1 is the first hidden one. */
  readonly layer: number;
  readonly from: number;
  readonly to: number;
}

/** Return the x at which an edge leaves its first unit and reaches its second. */
export function ends(layout: Layout, from: Node, to: Node): [x0: number, x1: number] {
  const half = (layer: number) => (layout.sides[layer] ?? 0) / 2;
  return [from.x + half(from.layer), to.x - half(to.layer)];
}

/** Return the edge whose curve is nearest to a position, within a few pixels. */
export function edgeAt(layout: Layout, x: number, y: number, reach = 6): Edge | null {
  let [best, nearest]: [Edge | null, number] = [null, reach];
  for (let layer = 1; layer < layout.layers.length; layer++) {
    for (const from of layout.layers[layer - 1] ?? []) {
      for (const to of layout.layers[layer] ?? []) {
        const [x0, x1] = ends(layout, from, to);
        if (x < x0 || x > x1) continue;
        const distance = Math.abs(curveHeight(layout, from, to, x) - y);
        if (distance < nearest) {
          nearest = distance;
          best = { layer, from: from.unit, to: to.unit };
        }
      }
    }
  }
  return best;
}

/** Return the height of an edge's curve at x: two parabolas with horizontal ends that meet halfway. */
export function curveHeight(layout: Layout, from: Node, to: Node, x: number): number {
  const [start, end] = ends(layout, from, to);
  const way = Math.min(1, Math.max(0, (x - start) / (end - start)));
  const fraction = way < 0.5 ? 2 * way * way : 1 - 2 * (1 - way) * (1 - way);
  return from.y + (to.y - from.y) * fraction;
}
