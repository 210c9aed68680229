/** The most frequent settings, in a row. */

import {
  choices,
  currentValue,
  numberRange,
  parameter,
  setParameter,
  takesKind,
} from "../state/model";
import { vocabulary } from "../state/session";
import type { Json } from "../wire/protocol/experiment";
import type { Parameter } from "../wire/protocol/vocabulary";
import { ChoiceField, NumberField } from "./fields";

interface Quick {
  name: string;
  label: string;
  /** The table of the vocabulary that says more about each choice. */
  table?: string;
  powers?: boolean;
  /** Initial value of the buttons if the estimator chooses the parameter. */
  usual?: number;
}

const QUICK: readonly Quick[] = [
  { name: "activation", label: "Activation", table: "activations" },
  { name: "solver", label: "Solver", table: "optimizers" },
  { name: "learning_rate_init", label: "Learning rate", powers: true },
  { name: "batch_size", label: "Batch size", usual: 32 },
  { name: "penalty", label: "Penalty", table: "penalties" },
  { name: "alpha", label: "Penalty’s strength", powers: true },
  { name: "random_state", label: "Seed", usual: 0 },
];

export function QuickSettings() {
  return (
    <section class="panel settings" aria-label="Main settings">
      {QUICK.map((quick) => {
        const definition = parameter(quick.name);
        return definition && <QuickField key={quick.name} quick={quick} definition={definition} />;
      })}
    </section>
  );
}

function QuickField({ quick, definition }: { quick: Quick; definition: Parameter }) {
  const value = currentValue(quick.name);
  const names = choices(definition.takes);
  const range = numberRange(definition.takes);
  if (range) {
    return (
      <NumberField
        label={quick.label}
        help={definition.help}
        control={quick.name}
        value={typeof value === "number" ? value : (quick.usual ?? range.low ?? 0)}
        powers={quick.powers ?? false}
        whole={range.whole}
        low={range.low}
        high={range.high}
        aboveLow={!range.low_included}
        onSet={(next) => setParameter(quick.name, next)}
      />
    );
  }
  return (
    <ChoiceField
      label={quick.label}
      help={definition.help}
      control={quick.name}
      value={asChoice(value)}
      options={[
        ...(takesKind(definition.takes, "none") ? [{ value: "", label: "none" }] : []),
        ...(asChoice(value) === "…" ? [{ value: "…", label: described(value) }] : []),
        ...names.map((name) => ({ value: name, label: name, help: equation(quick.table, name) })),
      ]}
      onChoose={(next) => next !== "…" && setParameter(quick.name, next === "" ? null : next)}
    />
  );
}

function asChoice(value: Json): string {
  if (value === null) return "";
  return typeof value === "object" ? "…" : String(value);
}

/** Return the text for a value of several parts: a list, or a name with hyperparameters. */
function described(value: Json): string {
  if (value === null || typeof value !== "object") return String(value);
  if (Array.isArray(value)) return "layer by layer";
  const { name, ...others } = value;
  const settings = Object.entries(others).map(([key, each]) => `${key}=${String(each)}`);
  return `${String(name)}(${settings.join(", ")})`;
}

function equation(table: string | undefined, name: string): string | undefined {
  return vocabulary.value?.tables[table ?? ""]?.find((entry) => entry.name === name)?.equation;
}
