/** Where the units of a network stand in its picture. */

export interface Node {
  readonly layer: number;
  readonly unit: number;
  /** The middle, in CSS pixels. */
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** The side of a unit's box. */
  readonly side: number;
  /** The boxes of each layer, inputs first and outputs last; fewer than its units where it is condensed. */
  readonly layers: readonly (readonly Node[])[];
  /** How many units each layer has. */
  readonly sizes: readonly number[];
  /** The middle of each layer's column. */
  readonly columns: readonly number[];
}

export interface Room {
  readonly width: number;
  readonly height: number;
  /** Room left free above the units for what is said about a layer, and below. */
  readonly top: number;
  readonly bottom: number;
  /** Room left free beside the first and the last column, for names. */
  readonly left: number;
  readonly right: number;
}

const LARGEST_SIDE = 54;
const SMALLEST_SIDE = 6;
const MOST_BOXES = 64;

/** Columns at even distances, and in each of them units around the middle. */
export function layOut(sizes: readonly number[], room: Room): Layout {
  const shown = sizes.map((size) => Math.min(size, MOST_BOXES));
  const tallest = Math.max(1, ...shown);
  const free = Math.max(1, room.height - room.top - room.bottom);
  const across = Math.max(0, room.width - room.left - room.right) / Math.max(1, sizes.length - 0.5);
  const side = Math.max(
    SMALLEST_SIDE,
    Math.min(LARGEST_SIDE, free / (tallest * 1.25), across * 0.5),
  );
  const span = Math.max(0, room.width - room.left - room.right - side);
  const columns = sizes.map(
    (_, layer) => room.left + side / 2 + (span * layer) / Math.max(1, sizes.length - 1),
  );
  const layers = shown.map((count, layer) => {
    const pitch = Math.min(side * 1.35, free / count);
    const first = room.top + free / 2 - (pitch * (count - 1)) / 2;
    return Array.from({ length: count }, (_, unit) => ({
      layer,
      unit,
      x: columns[layer] as number,
      y: first + pitch * unit,
    }));
  });
  return { width: room.width, height: room.height, side, layers, sizes, columns };
}

/** The unit whose box holds a place of the picture. */
export function nodeAt(layout: Layout, x: number, y: number): Node | null {
  const reach = Math.max(layout.side / 2, 12);
  for (const layer of layout.layers) {
    for (const node of layer) {
      if (Math.abs(node.x - x) <= reach && Math.abs(node.y - y) <= layout.side / 2) return node;
    }
  }
  return null;
}

export interface Edge {
  /** The layer that it leads into: 1 is the first hidden one. */
  readonly layer: number;
  readonly from: number;
  readonly to: number;
}

/** The edge whose curve passes nearest to a place, within a few pixels. */
export function edgeAt(layout: Layout, x: number, y: number, reach = 6): Edge | null {
  const layer = layout.columns.findIndex((column) => x <= column - layout.side / 2);
  if (layer < 1 || x < (layout.columns[layer - 1] as number) + layout.side / 2) return null;
  let [best, nearest]: [Edge | null, number] = [null, reach];
  for (const from of layout.layers[layer - 1] ?? []) {
    for (const to of layout.layers[layer] ?? []) {
      const distance = Math.abs(curveHeight(from, to, layout.side, x) - y);
      if (distance < nearest) {
        nearest = distance;
        best = { layer, from: from.unit, to: to.unit };
      }
    }
  }
  return best;
}

/** The height of an edge's curve at x: the cubic that leaves and arrives level. */
export function curveHeight(from: Node, to: Node, side: number, x: number): number {
  const [start, end] = [from.x + side / 2, to.x - side / 2];
  const goal = Math.min(1, Math.max(0, (x - start) / (end - start)));
  // The controls stand halfway, so x(t) = 3/2 t - 3/2 t² + t³ of the way: turned round by Newton's steps.
  let t = goal;
  for (let turn = 0; turn < 8; turn++) {
    const miss = 1.5 * t - 1.5 * t * t + t * t * t - goal;
    t -= miss / (1.5 - 3 * t + 3 * t * t);
  }
  const share = 3 * t * t - 2 * t * t * t;
  return from.y + (to.y - from.y) * share;
}
