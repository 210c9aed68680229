import { describe, expect, it } from "vitest";
import { symbolKey } from "../src/views/Formula";

describe("the symbol of a number", () => {
  it("is found again within other formulas", () => {
    const z = ["msub", ["mi", "z"], ["mn", "1"]];
    expect(symbolKey([["math", { displaystyle: "true" }, z]])).toBe(JSON.stringify(z));
  });

  it("is none where it is more than one element", () => {
    expect(symbolKey([["math", ["mi", "a"], ["mo", "/"], ["mi", "n"]]])).toBe("");
    expect(symbolKey([])).toBe("");
  });
});
