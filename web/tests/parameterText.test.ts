import { describe, expect, it } from "vitest";
import { read, said } from "../src/views/parameterText";

describe("a parameter's text", () => {
  it.each([
    ["0.001", 0.001],
    ["1e-3", 0.001],
    ["relu", "relu"],
    ["'relu'", "relu"],
    ["none", null],
    ["None", null],
    ["True", true],
    ["8, 4", [8, 4]],
    ["(8,)", [8]],
    ["()", []],
    ["[0.1, 0.5]", [0.1, 0.5]],
    ["relu, tanh", ["relu", "tanh"]],
    ["{'decay': 0.9}", { decay: 0.9 }],
    ["{decay: 0.9", "{decay: 0.9"],
    ["[{'name': 'scaled'}, {'name': 'periodic'}]", [{ name: "scaled" }, { name: "periodic" }]],
    ["inf", "inf"],
  ])("%s is read", (text, value) => {
    expect(read(text)).toEqual(value);
  });

  it.each([
    [null],
    [true],
    [0.5],
    ["adam"],
    [[8, 4]],
    [{ decay: 0.9 }],
    [[{ name: "scaled" }, { name: "periodic", columns: [1] }]],
  ])("comes back from what is said of %j", (value) => {
    expect(read(said(value))).toEqual(value);
  });
});
