/** The hyperparameters of the formula that a parameter chooses, each with a field. */

import { useId, useState } from "preact/hooks";
import { hyperparameterIn, hyperparametersOf, nameIn, withHyperparameter } from "../state/formulas";
import { currentValue, setValue } from "../state/model";
import type { Json } from "../wire/protocol/experiment";
import type { Hyperparameter, Parameter } from "../wire/protocol/vocabulary";
import { read, said } from "./parameterText";

export function FormulaSettings({ parameter }: { parameter: Parameter }) {
  const value = currentValue(parameter.name);
  const name = nameIn(value);
  if (name === null) return null;
  return (
    <>
      {hyperparametersOf(parameter.takes, name).map((each) => (
        <HyperparameterField
          key={`${name}.${each.name}`}
          label={`${parameter.name}.${each.name}`}
          hyperparameter={each}
          value={hyperparameterIn(value, each)}
          onSet={(next) => setValue(parameter, withHyperparameter(value, each, next))}
        />
      ))}
    </>
  );
}

interface FieldProps {
  label: string;
  hyperparameter: Hyperparameter;
  value: Json;
  onSet: (value: Json) => void;
}

function HyperparameterField(props: FieldProps) {
  const { label, hyperparameter, value, onSet } = props;
  const id = useId();
  const title = `${hyperparameter.help}: ${hyperparameter.allowed}`;
  return (
    <div class={isDefault(props) ? "setting" : "setting changed"}>
      <label for={id} title={title}>
        {label}
      </label>
      {hyperparameter.kind === "name" || hyperparameter.kind === "boolean" ? (
        <select
          id={id}
          value={JSON.stringify(value)}
          onChange={(event) => onSet(JSON.parse(event.currentTarget.value) as Json)}
        >
          {choicesOf(hyperparameter).map((choice) => (
            <option key={String(choice)} value={JSON.stringify(choice)}>
              {said(choice)}
            </option>
          ))}
        </select>
      ) : (
        <NumberOrName id={id} title={title} value={value} onSet={onSet} />
      )}
    </div>
  );
}

function isDefault({ hyperparameter, value }: FieldProps): boolean {
  return JSON.stringify(value) === JSON.stringify(hyperparameter.default);
}

function choicesOf({ kind, names }: Hyperparameter): Json[] {
  return kind === "boolean" ? [true, false] : [...names];
}

/** A text that is read as a number; an empty one returns to the default. */
function NumberOrName(props: {
  id: string;
  title: string;
  value: Json;
  onSet: (value: Json) => void;
}) {
  const { id, title, value, onSet } = props;
  const [text, setText] = useState<string | null>(null);
  const finish = () => {
    if (text !== null && text !== said(value)) onSet(text.trim() === "" ? null : read(text));
    setText(null);
  };
  return (
    <input
      id={id}
      type="text"
      title={title}
      value={text ?? said(value)}
      onInput={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter") finish();
        if (event.key === "Escape") setText(null);
      }}
      onBlur={finish}
    />
  );
}
