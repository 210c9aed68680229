import { describe, expect, it } from "vitest";
import {
  hyperparameterIn,
  hyperparametersOf,
  nameIn,
  patchOf,
  withHyperparameter,
} from "../src/state/formulas";
import type { Allowed, Hyperparameter } from "../src/wire/protocol/vocabulary";

const SIGMA: Hyperparameter = {
  name: "sigma",
  default: 1,
  help: "",
  allowed: "",
  kind: "number",
  names: [],
  is_estimator_parameter: false,
};
const COLUMNS: Hyperparameter = { ...SIGMA, name: "columns", default: null, kind: "columns" };
const BETA: Hyperparameter = { ...SIGMA, name: "beta_1", is_estimator_parameter: true };
const TAKES: Allowed[] = [
  { kind: "choice", names: ["periodic"], hyperparameters: { periodic: [COLUMNS, SIGMA, BETA] } },
  { kind: "none" },
];

describe("a formula with hyperparameters", () => {
  it("shows those that no parameter of the estimator sets", () => {
    expect(hyperparametersOf(TAKES, "periodic")).toEqual([SIGMA]);
    expect(hyperparametersOf(TAKES, "scaled")).toEqual([]);
  });

  it("has a name alone or in an object", () => {
    expect(["relu", { name: "celu", alpha: 2 }, null, 3, ["relu"], { 0: 1 }].map(nameIn)).toEqual([
      "relu",
      "celu",
      null,
      null,
      null,
      null,
    ]);
  });

  it("becomes an object with a value, and a name again with the default", () => {
    const changed = withHyperparameter("periodic", SIGMA, 0.3);
    expect(changed).toEqual({ name: "periodic", sigma: 0.3 });
    expect(hyperparameterIn(changed, SIGMA)).toBe(0.3);
    expect(hyperparameterIn("periodic", SIGMA)).toBe(1);
    expect(withHyperparameter(changed, SIGMA, 1)).toBe("periodic");
    expect(withHyperparameter(changed, SIGMA, null)).toBe("periodic");
  });

  it("replaces another object whole by a merge patch", () => {
    expect(patchOf({ name: "periodic", sigma: 0.3 }, { name: "shared", n: 2 })).toEqual({
      name: "shared",
      sigma: null,
      n: 2,
    });
    expect(patchOf({ name: "periodic", sigma: 0.3 }, "scaled")).toBe("scaled");
    expect(patchOf("periodic", { name: "periodic", sigma: 2 })).toEqual({
      name: "periodic",
      sigma: 2,
    });
  });
});
