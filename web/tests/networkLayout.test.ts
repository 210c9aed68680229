import { describe, expect, it } from "vitest";
import { curveHeight, edgeAt, ends, layOut, nodeAt } from "../src/drawing/networkLayout";

const ROOM = { width: 700, height: 400, top: 10, bottom: 10, left: 50, right: 60 };

describe("layOut", () => {
  it.each([[[2, 4, 2, 1]], [[1, 1]], [[7, 8, 8, 8, 8, 8, 8, 1]], [[64, 64, 10]], [[30, 500, 3]]])(
    "keeps the boxes of %j inside the room, and apart",
    (sizes) => {
      const layout = layOut(sizes, ROOM);
      for (const [layer, nodes] of layout.layers.entries()) {
        const side = layout.sides[layer] ?? 0;
        const half = side / 2;
        for (const [place, node] of nodes.entries()) {
          expect(node.x - half).toBeGreaterThanOrEqual(ROOM.left - 1e-9);
          expect(node.x + half).toBeLessThanOrEqual(ROOM.width - ROOM.right + 1e-9);
          expect(node.y - half).toBeGreaterThanOrEqual(ROOM.top - half);
          expect(node.y + half).toBeLessThanOrEqual(ROOM.height - ROOM.bottom + half);
          const below = nodes[place + 1];
          if (below && nodes.length < 60) expect(below.y - node.y).toBeGreaterThan(side);
        }
      }
    },
  );

  it("condenses a layer that is too large to be drawn, and keeps its size", () => {
    const layout = layOut([2, 500, 1], ROOM);
    expect(layout.layers[1]?.length).toBe(64);
    expect(layout.sizes[1]).toBe(500);
  });
});

describe("what is pointed at", () => {
  const layout = layOut([2, 3, 1], ROOM);
  const from = layout.layers[0]?.[1];
  const to = layout.layers[1]?.[2];
  if (!from || !to) throw new Error("no such unit");

  it("is the unit whose box holds the place", () => {
    expect(nodeAt(layout, to.x + 2, to.y - 3)).toEqual(to);
    expect(nodeAt(layout, (from.x + to.x) / 2, to.y)).toBeNull();
  });

  it("is the edge whose curve passes there", () => {
    const x = from.x + 0.7 * (to.x - from.x);
    const y = curveHeight(layout, from, to, x);
    expect(edgeAt(layout, x, y + 1)).toEqual({ layer: 1, from: 1, to: 2 });
  });

  it("is nothing beside the network", () => {
    expect(edgeAt(layout, 2, 200)).toBeNull();
    expect(edgeAt(layout, 690, 200)).toBeNull();
  });
});

it("draws edges that leave and arrive level, and pass the middle halfway", () => {
  const layout = layOut([2, 1], ROOM);
  const [from, to] = [layout.layers[0]?.[0], layout.layers[1]?.[0]];
  if (!from || !to) throw new Error("no such unit");
  const [start, end] = ends(layout, from, to);
  expect(curveHeight(layout, from, to, start)).toBeCloseTo(from.y);
  expect(curveHeight(layout, from, to, end)).toBeCloseTo(to.y);
  expect(curveHeight(layout, from, to, (start + end) / 2)).toBeCloseTo((from.y + to.y) / 2);
});

it("makes only those layers small that do not fit otherwise", () => {
  const { sides } = layOut([64, 6, 4, 10], ROOM);
  expect(sides[0]).toBeLessThan(10);
  expect(Math.min(...sides.slice(1))).toBeGreaterThan(20);
});
