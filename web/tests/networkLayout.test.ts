import { describe, expect, it } from "vitest";
import { curveHeight, edgeAt, layOut, nodeAt } from "../src/drawing/networkLayout";

const ROOM = { width: 700, height: 400, top: 10, bottom: 10, left: 50, right: 60 };

describe("layOut", () => {
  it.each([[[2, 4, 2, 1]], [[1, 1]], [[7, 8, 8, 8, 8, 8, 8, 1]], [[64, 64, 10]], [[30, 500, 3]]])(
    "keeps the boxes of %j inside the room, and apart",
    (sizes) => {
      const layout = layOut(sizes, ROOM);
      const half = layout.side / 2;
      for (const nodes of layout.layers) {
        for (const [place, node] of nodes.entries()) {
          expect(node.x - half).toBeGreaterThanOrEqual(ROOM.left - 1e-9);
          expect(node.x + half).toBeLessThanOrEqual(ROOM.width - ROOM.right + 1e-9);
          expect(node.y - half).toBeGreaterThanOrEqual(ROOM.top - half);
          expect(node.y + half).toBeLessThanOrEqual(ROOM.height - ROOM.bottom + half);
          const below = nodes[place + 1];
          if (below && nodes.length < 60) expect(below.y - node.y).toBeGreaterThan(layout.side);
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
    const y = curveHeight(from, to, layout.side, x);
    expect(edgeAt(layout, x, y + 1)).toEqual({ layer: 1, from: 1, to: 2 });
  });

  it("is nothing beside the network", () => {
    expect(edgeAt(layout, 2, 200)).toBeNull();
    expect(edgeAt(layout, 690, 200)).toBeNull();
  });
});

it("draws edges that leave and arrive level, and pass the middle halfway", () => {
  const [from, to] = [
    { layer: 0, unit: 0, x: 0, y: 0 },
    { layer: 1, unit: 0, x: 120, y: 100 },
  ];
  expect(curveHeight(from, to, 20, 10)).toBeCloseTo(0);
  expect(curveHeight(from, to, 20, 110)).toBeCloseTo(100);
  expect(curveHeight(from, to, 20, 60)).toBeCloseTo(50);
});
