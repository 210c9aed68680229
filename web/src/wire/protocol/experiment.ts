/** An experiment in the messages between page and server, as in PROTOCOL.md. */

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
