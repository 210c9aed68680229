/** Messages between page and server: PROTOCOL.md as types. */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

export interface DataChoice {
  kind: "made" | "known" | "upload" | "drawn" | "given";
  name?: string;
  hash?: string;
  target?: string;
  columns?: string[] | null;
  task?: Task | null;
  points?: number[][];
  classes?: string[] | null;
  limits?: number[][] | null;
  [option: string]: Json | undefined;
}

export type Task = "classification" | "regression";

export interface PlaneChoice {
  kind: "columns" | "components";
  columns?: [number, number];
}

export type ModelParameters = Record<string, Json>;

export interface Experiment {
  data: DataChoice;
  test_fraction: number;
  split_seed: number;
  inputs: string[] | null;
  plane: PlaneChoice | null;
  scaled: boolean;
  target_scaled: boolean;
  model: ModelParameters;
}

/** A JSON merge patch (RFC 7396) of an experiment. */
export type Patch = {
  [Name in keyof Experiment]?: Experiment[Name] extends Json[] | null
    ? Experiment[Name]
    : Experiment[Name] extends object | null
      ? { [name: string]: Json | undefined } | null
      : Experiment[Name];
};

export type RunStatus = "paused" | "playing" | "ended" | "failed";

export interface Layer {
  name: string;
  fan_in: number;
  fan_out: number;
  activation: string;
  normalization: string | null;
  residual: boolean;
  dropout: number;
}

export interface Place {
  start: number;
  shape: number[];
}

export interface State {
  is: "state";
  experiment: Experiment;
  run: {
    id: number;
    status: RunStatus;
    epoch: number;
    max_epochs: number;
    /** True for a minibatch solver, false for 'lbfgs'. */
    is_minibatch: boolean;
    ending: string | null;
    message: string | null;
  };
  pace: number | null;
  can_undo: boolean;
  data: {
    id: number;
    task: Task;
    name: string;
    n_train: number;
    n_test: number;
    inputs: string[];
    features: string[];
    classes: string[];
    target: string;
    targets?: [number, number] | null;
    /** Rows and columns, if the inputs are the pixels of an image. */
    image_shape?: [number, number] | null;
    scales: { mean: number[]; scale: number[] } | null;
  };
  network: {
    layers: Layer[];
    inverse_link: string;
    dtype: "float32" | "float64";
    weights: Place[];
    biases: Place[];
    n_parameters: number;
  };
}

export interface Hello {
  is: "hello";
  version: number;
  session: string;
  fresh: boolean;
}

export interface Refusal {
  is: "error";
  of: string;
  id?: number | null;
  message: string;
  parameter: string | null;
}

export interface Finding {
  name: string;
  message: string;
  cures: { label: string; experiment: Patch }[];
}

export interface Diagnoses {
  is: "diagnoses";
  run: number;
  epoch: number;
  findings: Finding[];
}

/** A kept run; its curves are requested separately. */
export interface KeptRun {
  number: number;
  name: string;
  run: number;
  experiment: Experiment;
  task: Task;
  data: string;
  epoch: number;
  ending: string | null;
  loss: number | null;
  validation_loss: number | null;
  score: { name: string; value: number | null } | null;
  rates: [epoch: number, rate: number][];
  n_written: number;
}

export interface Kept {
  is: "kept";
  most: number;
  runs: KeptRun[];
}

export type ServerEvent = Hello | State | Refusal | Diagnoses | Kept;

export interface DataHeader {
  kind: "data";
  data: number;
  run: number;
  plane: {
    x: [number, number];
    y: [number, number];
    x_name: string;
    y_name: string;
    kind: "plane" | "line";
  };
  n_train: number;
  n_test: number;
}

export interface FrameHeader {
  kind: "frame";
  run: number;
  epoch: number;
  /** Number of batches of the next epoch that are finished. */
  batch: number;
  n_batches: number;
  batch_loss: number | null;
  is_latest: boolean;
  status: RunStatus;
  loss: number | null;
  validation_loss: number | null;
  score: { name: string; value: number | null } | null;
  learning_rate: number | null;
  epochs_per_second: number | null;
  stored: { first: number; last: number; every: number } | null;
  units_drawn?: number[];
  /** Goals of the open lesson's step and their current values. */
  lesson?: (LessonPlace & { goals: Goal[] }) | null;
  fit?: { predicts: string; train: Errors; test: Errors };
}

/** Errors of the predictions, in the units of the target. */
export interface Errors {
  r2: number | null;
  rmse: number | null;
  mae: number | null;
}

export interface DistributionsHeader {
  kind: "distributions";
  run: number;
  quantity: "weights" | "gradients" | "activations";
  /** Number of columns that are still to be computed. */
  missing: number;
  n_samples: number;
  levels: number[];
  /** For each hidden layer, true if its activation is flat at both ends. */
  saturates: boolean[];
}

export interface FeaturesHeader {
  kind: "features";
  run: number;
  epoch: number;
  layer: number;
  unit: number;
  n_samples: number;
  /** The smallest and the largest pixel of all samples. */
  pixels: [number, number];
}

export interface MistakesHeader {
  kind: "mistakes";
  run: number;
  epoch: number;
  n_wrong: number;
  n_test: number;
  pixels: [number, number];
}

export interface KeptHeader {
  kind: "kept";
  run: number;
}

/** Header of a slice of the loss; its losses arrive in parts. */
export interface LandscapeHeader {
  kind: "landscape";
  landscape: number;
  run: number;
  epoch: number;
  part: "train" | "test";
  n_samples: number;
  n_samples_in_all: number;
  directions: "path" | "random";
  loss: number | null;
  fractions: [number, number] | null;
  fraction: number | null;
}

export interface LandscapePartHeader {
  kind: "landscape_part";
  landscape: number;
  from: number;
}

/** Contents of frames beside parameters and curves. */
export interface Watched {
  region?: number;
  units?: number;
  confusion?: boolean;
  fit?: boolean;
  lesson?: LessonPlace | null;
}

export interface LessonPlace {
  name: string;
  step: number;
}

export interface Goal {
  goal: string;
  now: string;
  met: boolean;
  /** True if this run can no longer reach the goal. */
  is_late: boolean;
}

export interface LessonStep {
  question: string;
  choices: string[];
  answer: number;
  task: string;
  control: string;
  explanation: string;
  change: Patch;
  experiment: Experiment;
}

export interface Lesson {
  name: string;
  title: string;
  subject: string;
  about: string;
  equation: string;
  paper: string;
  opens: Record<string, string>;
  pace: number | null;
  steps: LessonStep[];
}

export interface TrainingScoresHeader {
  kind: "training_scores";
  run: number;
  missing: number;
  n_samples: number;
}

/** Relation of a change to the state before it. */
export interface Change {
  /** True if undo reverts it together with the previous change. */
  joined?: boolean;
  /** True if the new run fast-forwards to the displayed epoch. */
  catch_up?: boolean;
}

export type Command =
  | { do: "ready" | "play" | "pause" }
  | { do: "undo"; catch_up?: boolean }
  | ({ do: "watch" } & Watched)
  | { do: "step"; epochs?: number; batches?: number }
  | { do: "pace"; epochs_per_second: number | null }
  | { do: "reset"; seed?: "same" | "new" | number }
  | ({ do: "set"; experiment: Patch; id?: number } & Change)
  | { do: "open"; link: string }
  | { do: "open"; experiment: Experiment; pace: number | null }
  | { do: "rate"; learning_rate: number }
  | { do: "seek"; epoch: number | null }
  | { do: "keep"; name?: string }
  | { do: "rename"; run: number; name: string }
  | { do: "forget"; run: number | "all" }
  | { do: "restore"; run: number }
  | { do: "edit"; block: number; row: number | null; column: number; value: number };

export type Allowed =
  | {
      kind: "number";
      whole: boolean;
      low: number | null;
      high: number | null;
      low_included: boolean;
      high_included: boolean;
    }
  | { kind: "choice"; names: string[] }
  | { kind: "boolean" | "none" | "list" | "mapping" };

export interface Parameter {
  name: string;
  of: ("classifier" | "regressor")[];
  default: Json;
  type: string;
  help: string;
  takes: Allowed[];
}

export interface DataOption {
  name: string;
  default: Json;
  low: number;
  high: number;
  whole: boolean;
}

export interface DataSet {
  name: string;
  kind: "made" | "known";
  task: Task;
  about: string;
  options: DataOption[];
  /** Points: x, y, and the class, or the value from 0 to 1. */
  preview?: [number, number, number][];
}

export interface TableEntry {
  name: string;
  equation?: string;
  paper?: string;
  task?: string;
}

export interface Vocabulary {
  version: string;
  tables: Record<string, TableEntry[]>;
  parameters: Parameter[];
  data: DataSet[];
  inputs: { name: string; code: string }[];
  default: Experiment;
}

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
