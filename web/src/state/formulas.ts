/** Formulas with hyperparameters: a parameter's value is a name, or a name with some of them. */

import type { Json } from "../wire/protocol/experiment";
import type { Allowed, Hyperparameter } from "../wire/protocol/vocabulary";

type JsonObject = { [name: string]: Json };

/** The estimator has a parameter of its own for these, or only Python sets them. */
const isShown = ({ is_estimator_parameter, kind }: Hyperparameter) =>
  !is_estimator_parameter && kind !== "columns";

/** Return the name that a value chooses, alone or with hyperparameters; null for any other value. */
export function nameIn(value: Json): string | null {
  if (typeof value === "string") return value;
  const isObject = value !== null && typeof value === "object" && !Array.isArray(value);
  return isObject && typeof value.name === "string" ? value.name : null;
}

/** Return the hyperparameters that the page sets beside a name. */
export function hyperparametersOf(takes: readonly Allowed[], name: string): Hyperparameter[] {
  return takes.flatMap((each) =>
    each.kind === "choice" ? (each.hyperparameters?.[name] ?? []).filter(isShown) : [],
  );
}

/** Return a hyperparameter's value, or its default. */
export function hyperparameterIn(value: Json, { name, ...rest }: Hyperparameter): Json {
  return objectIn(value)[name] ?? rest.default;
}

/** Return the value with one hyperparameter changed: the name alone if all have their defaults. */
export function withHyperparameter(value: Json, changed: Hyperparameter, next: Json): Json {
  const { [changed.name]: _, ...others } = objectIn(value);
  const isDefault = next === null || JSON.stringify(next) === JSON.stringify(changed.default);
  const all: JsonObject = isDefault ? others : { ...others, [changed.name]: next };
  return Object.keys(all).length > 1 ? all : (all.name ?? null);
}

/**
 * Return the patch that makes one value another: a merge patch keeps the entries of an object that it
 * does not name.
 */
export function patchOf(before: Json, after: Json): Json {
  if (!isFormula(before) || !isFormula(after)) return after;
  return { ...Object.fromEntries(Object.keys(before).map((key) => [key, null])), ...after };
}

function isFormula(value: Json): value is JsonObject {
  return typeof value !== "string" && nameIn(value) !== null;
}

function objectIn(value: Json): JsonObject {
  return isFormula(value) ? value : { name: value };
}
