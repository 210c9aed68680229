/** The estimator's parameters in groups; new parameters come at the end. */

import { computed } from "@preact/signals";
import type { Parameter } from "../wire/protocol/vocabulary";
import { parameters } from "./model";

const GROUPS: readonly { name: string; parameters: readonly string[] }[] = [
  {
    name: "Network",
    parameters: [
      "hidden_layer_sizes",
      "activation",
      "blended_activation",
      "output_activation",
      "normalization",
      "residual",
      "parametrization",
      "initializer",
      "dropout",
      "input_dropout",
      "input_noise",
    ],
  },
  {
    name: "Loss and penalty",
    parameters: [
      "loss",
      "quantile",
      "huber_threshold",
      "tweedie_power",
      "focal_gamma",
      "label_smoothing",
      "class_weight",
      "penalty",
      "alpha",
      "l1_ratio",
    ],
  },
  {
    name: "Steps",
    parameters: [
      "solver",
      "learning_rate_init",
      "learning_rate",
      "learning_rate_options",
      "rate_factors",
      "power_t",
      "warmup",
      "batch_size",
      "shuffle",
      "momentum",
      "nesterovs_momentum",
      "beta_1",
      "beta_2",
      "epsilon",
      "decay_rate",
      "amsgrad",
      "weight_decay",
      "max_gradient_norm",
      "average_decay",
    ],
  },
  {
    name: "When to stop",
    parameters: [
      "max_iter",
      "tol",
      "n_iter_no_change",
      "early_stopping",
      "validation_fraction",
      "monitor",
      "restore_best",
      "max_seconds",
      "max_fun",
    ],
  },
];

export interface Group {
  readonly name: string;
  readonly parameters: readonly Parameter[];
}

export const groups = computed<Group[]>(() => {
  const remaining = new Map(parameters.value.map((parameter) => [parameter.name, parameter]));
  const found = GROUPS.map(({ name, parameters: names }) => ({
    name,
    parameters: names.flatMap((each) => take(remaining, each)),
  }));
  return [...found, { name: "More", parameters: [...remaining.values()] }].filter(
    (group) => group.parameters.length > 0,
  );
});

function take(remaining: Map<string, Parameter>, name: string): Parameter[] {
  const parameter = remaining.get(name);
  remaining.delete(name);
  return parameter ? [parameter] : [];
}
