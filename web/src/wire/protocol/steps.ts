/** One training step: its numbers, its formulas, and the paths of one weight. */

/** An element of MathML: its name, its attributes if any, and its contents. */
export type MathNode = string | { [attribute: string]: string } | MathNode[];

export interface TracedNumber {
  /** Python name such as `z_1`; also the name of its array. */
  id: string;
  part: "forward" | "loss" | "backward" | "update";
  /** `inputs`, `hidden_1`, …, `output`; empty if it belongs to no layer. */
  layer: string;
  name: string;
  symbol: MathNode[];
  formula: string;
  mathml: MathNode[];
  code: string;
  /** Inputs of its line of Python. */
  from: string[];
  shape: number[];
  axes: ("rows" | "fan_in" | "fan_out")[];
}

/** Position of a step in a run, and its samples. */
export interface StepPlace {
  run: number;
  epoch: number;
  batch: number;
  is_next: boolean;
  rows: number[];
  n_samples: number;
}

export interface StepTrace extends StepPlace {
  kind: "trace";
  title: string;
  notes: string[];
  imports: string;
  update: { name: string; formulas: MathNode[][]; settings: string; code: string } | null;
  numbers: TracedNumber[];
  /** The first sample in the units of the data. */
  features: number[][];
  targets: (string | number)[];
  answers: (string | number[])[];
}

export interface StepPaths extends StepPlace {
  weight: MathNode[];
  paths: {
    row: number;
    units: string[];
    factors: { name: MathNode[]; text: string; value: number | null }[];
    product: number | null;
  }[];
  n_paths: number;
  rest: number | null;
  sum: number | null;
  backpropagated: number | null;
  penalty: number | null;
  gradient: number | null;
}
