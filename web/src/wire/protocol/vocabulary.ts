/** The vocabulary: parameters, data sets and tables that the library has. */

import type { Experiment, Json, Task } from "./experiment";

export type Allowed =
  | {
      kind: "number";
      whole: boolean;
      low: number | null;
      high: number | null;
      low_included: boolean;
      high_included: boolean;
    }
  | { kind: "choice"; names: string[]; hyperparameters?: Record<string, Hyperparameter[]> }
  | { kind: "boolean" | "none" | "list" | "mapping" };

/** A number of a formula that `{name: …, hyperparameter: …}` sets in place of the name alone. */
export interface Hyperparameter {
  name: string;
  default: Json;
  help: string;
  allowed: string;
  kind: "number" | "integer" | "boolean" | "numbers" | "name" | "columns";
  /** Names that are allowed, beside numbers or alone. */
  names: string[];
  /** True if the estimator has a parameter of this name, which sets it for a formula chosen by name. */
  is_estimator_parameter: boolean;
}

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
