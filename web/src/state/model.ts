/** The estimator's parameters: the experiment's values, or defaults. */

import { computed } from "@preact/signals";
import type { Json } from "../wire/protocol/experiment";
import type { Allowed, Parameter } from "../wire/protocol/vocabulary";
import { patchOf } from "./formulas";
import { change, state, vocabulary } from "./session";

/** The parameters of the estimator for the data's task. */
export const parameters = computed<Parameter[]>(() => {
  const kind = state.value?.data.task === "regression" ? "regressor" : "classifier";
  return (vocabulary.value?.parameters ?? []).filter((parameter) => parameter.of.includes(kind));
});

export function parameter(name: string): Parameter | undefined {
  return parameters.value.find((each) => each.name === name);
}

/** Return the parameter's value in the experiment, or its default. */
export function currentValue(name: string): Json {
  const said = state.value?.experiment.model[name];
  return said === undefined ? (parameter(name)?.default ?? null) : said;
}

/** Return true if the experiment's value differs from the default. */
export function isChanged(name: string): boolean {
  return state.value?.experiment.model[name] !== undefined;
}

/** Set a parameter; null restores its default. */
export function setParameter(name: string, value: Json): void {
  change({ model: { [name]: value } });
}

/** Set a parameter to a value of its own kind; an experiment omits the default. */
export function setValue({ name, default: usual }: Parameter, value: Json): void {
  const isDefault = JSON.stringify(value) === JSON.stringify(usual);
  setParameter(name, isDefault ? null : patchOf(currentValue(name), value));
}

export function widths(): number[] {
  return (state.value?.network.layers ?? []).slice(0, -1).map((layer) => layer.fan_out);
}

/** Set the hidden layers' widths, and adapt parameters with one value for each layer. */
export function setWidths(after: number[], from: readonly number[]): void {
  const model: Record<string, Json> = { hidden_layer_sizes: after };
  for (const name of ["activation", "dropout"]) {
    const each = currentValue(name);
    if (Array.isArray(each)) model[name] = from.map((layer) => each[layer] ?? each.at(-1) ?? null);
  }
  change({ model });
}

export function choices(takes: readonly Allowed[]): string[] {
  return takes.flatMap((each) => (each.kind === "choice" ? each.names : []));
}

export function numberRange(takes: readonly Allowed[]) {
  return takes.find((each) => each.kind === "number");
}

export function takesKind(takes: readonly Allowed[], kind: Allowed["kind"]): boolean {
  return takes.some((each) => each.kind === kind);
}
