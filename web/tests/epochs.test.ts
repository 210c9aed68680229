/** The epochs that are remembered, one after the other. */

import { describe, expect, it } from "vitest";
import { neighbour } from "../src/state/epochs";

describe("the history", () => {
  it("goes by the epochs that are remembered", () => {
    expect(neighbour(103, -1, 4)).toBe(100);
    expect(neighbour(100, -1, 4)).toBe(96);
    expect(neighbour(100, 1, 4)).toBe(104);
    expect(neighbour(103, 1, 4)).toBe(104);
  });
});
