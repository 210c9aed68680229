import { describe, expect, it } from "vitest";
import { differing, settingsOf } from "../src/state/settings";
import type { Experiment } from "../src/wire/protocol/experiment";
import type { Parameter } from "../src/wire/protocol/vocabulary";

function parameter(
  name: string,
  fallback: Parameter["default"],
  kinds: Parameter["of"],
): Parameter {
  return { name, of: kinds, default: fallback, type: "", help: "", takes: [] };
}

const PARAMETERS = [
  parameter("alpha", 0.0001, ["classifier", "regressor"]),
  parameter("hidden_layer_sizes", [100], ["classifier", "regressor"]),
  parameter("label_smoothing", 0, ["classifier"]),
  parameter("loss", "squared_error", ["regressor"]),
];

const MOONS: Experiment = {
  data: { kind: "made", name: "moons", noise: 0.2 },
  test_fraction: 0.5,
  split_seed: 0,
  inputs: ["x", "y"],
  plane: null,
  scaled: true,
  target_scaled: false,
  model: { hidden_layer_sizes: [4, 2] },
};

function settings(change: Partial<Experiment>) {
  return settingsOf({ ...MOONS, ...change }, "classification", PARAMETERS);
}

describe("the settings of an experiment", () => {
  it("have the library's names, and defaults where nothing was said", () => {
    const all = settings({});
    expect(all.get("data")).toBe("moons");
    expect(all.get("data.noise")).toBe(0.2);
    expect(all.get("alpha")).toBe(0.0001);
    expect(all.get("hidden_layer_sizes")).toEqual([4, 2]);
    expect(all.has("loss")).toBe(false);
  });
});

describe("what differs", () => {
  it("is only what is not the same in all", () => {
    const others = [
      settings({}),
      settings({ scaled: false, model: { hidden_layer_sizes: [4, 3] } }),
    ];
    expect(differing(others)).toEqual(["scaled", "hidden_layer_sizes"]);
  });

  it("is nothing where a default is said in so many words", () => {
    const model = { ...MOONS.model, alpha: 0.0001, label_smoothing: 0 };
    expect(differing([settings({}), settings({ model })])).toEqual([]);
  });

  it("is not the plane that is looked at", () => {
    const plane = { kind: "columns", columns: [0, 1] } as const;
    expect(differing([settings({}), settings({ plane: { ...plane, columns: [0, 1] } })])).toEqual(
      [],
    );
  });

  it("is what one of them does not have", () => {
    const regression = settingsOf(MOONS, "regression", PARAMETERS);
    expect(differing([settings({}), regression])).toEqual(["label_smoothing", "loss"]);
  });
});
