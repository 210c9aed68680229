/** Events: messages of the server in JSON. */

import type { Experiment, Patch, Task } from "./experiment";

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
    /** Names of the first layer's inputs, in order. */
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
    /** The layers are those of the first of so many networks, whose mean is the prediction. */
    n_members: number;
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
