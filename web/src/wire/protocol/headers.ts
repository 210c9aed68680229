/** Headers of the server's binary messages. */

import type { RunStatus } from "./events";
import type { Goal, LessonPlace } from "./lessons";

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

export interface TrainingScoresHeader {
  kind: "training_scores";
  run: number;
  missing: number;
  n_samples: number;
}
