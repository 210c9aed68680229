/** An experiment as one list of settings by name, with defaults, so that two can be compared. */

import type { Experiment, Json, Task } from "../wire/protocol/experiment";
import type { Parameter } from "../wire/protocol/vocabulary";

export type Settings = ReadonlyMap<string, Json>;

/** Entries of an experiment that are no settings of the run. */
const LEFT_OUT = new Set(["plane"]);

export function settingsOf(
  experiment: Experiment,
  task: Task,
  parameters: readonly Parameter[],
): Settings {
  const settings = new Map<string, Json>();
  const { data, model, ...rest } = experiment;
  const { kind, name, ...options } = data;
  settings.set("data", name ?? kind);
  for (const [option, value] of Object.entries(options)) {
    settings.set(`data.${option}`, value ?? null);
  }
  for (const [part, value] of Object.entries(rest)) {
    if (!LEFT_OUT.has(part)) settings.set(part, value as Json);
  }
  const estimator = task === "regression" ? "regressor" : "classifier";
  for (const parameter of parameters) {
    if (!parameter.of.includes(estimator)) continue;
    // The experiment and the estimator have both `inputs`.
    const name = settings.has(parameter.name) ? `model.${parameter.name}` : parameter.name;
    settings.set(name, model[parameter.name] ?? parameter.default);
  }
  return settings;
}

/** Return the names of settings that differ; a missing setting differs, too. */
export function differing(all: readonly Settings[]): string[] {
  const names = new Set(all.flatMap((settings) => [...settings.keys()]));
  const said = (settings: Settings, name: string) => JSON.stringify(settings.get(name)) ?? "";
  return [...names].filter((name) => new Set(all.map((each) => said(each, name))).size > 1);
}
