/** Every parameter of the estimator, by its own name, with its help. */

import { useSignal } from "@preact/signals";
import { useId, useState } from "preact/hooks";
import { nameIn } from "../state/formulas";
import { type Group, groups } from "../state/groups";
import { markedControl } from "../state/lessons";
import { choices, currentValue, isChanged, setValue, takesKind } from "../state/model";
import { refusal } from "../state/session";
import type { Json } from "../wire/protocol/experiment";
import type { Parameter } from "../wire/protocol/vocabulary";
import { asControl } from "./controls";
import { FormulaSettings } from "./FormulaSettings";
import { read, said } from "./parameterText";
import type { View } from "./TabbedPanel";

export const allSettings: View = { name: "All settings", Body: AllSettings };

function AllSettings() {
  return (
    <>
      <p class="about">
        By the names that Python has for them. What differs from the default is bold; an empty field
        returns to it.
      </p>
      {groups.value.map((group) => (
        <GroupOfSettings key={group.name} group={group} />
      ))}
    </>
  );
}

function GroupOfSettings({ group }: { group: Group }) {
  return (
    <details
      class="group"
      open={group.parameters.some(({ name }) => isChanged(name) || name === markedControl.value)}
    >
      <summary>{group.name}</summary>
      {group.parameters.map((parameter) => (
        <Setting key={parameter.name} parameter={parameter} />
      ))}
    </details>
  );
}

function Setting({ parameter }: { parameter: Parameter }) {
  const helped = useSignal(false);
  const id = useId();
  const { name } = parameter;
  return (
    <div class={isChanged(name) ? "setting changed" : "setting"} {...asControl(name)}>
      <label for={id}>{name}</label>
      <button
        type="button"
        class="button quiet"
        aria-label={`What ${name} does`}
        aria-expanded={helped.value}
        onClick={() => {
          helped.value = !helped.value;
        }}
      >
        ?
      </button>
      <Control id={id} parameter={parameter} />
      <FormulaSettings parameter={parameter} />
      {helped.value && (
        <div class="help">
          <p class="muted">{parameter.type}</p>
          <p>{parameter.help}</p>
        </div>
      )}
    </div>
  );
}

function Control({ id, parameter }: { id: string; parameter: Parameter }) {
  const { name, takes } = parameter;
  const value = currentValue(name);
  const isPlain = takes.every(
    ({ kind }) => kind === "boolean" || kind === "choice" || kind === "none",
  );
  // Hyperparameters have fields of their own; a list is written as text.
  const shown = nameIn(value) ?? value;
  const isOneName = shown === null || typeof shown !== "object";
  if (takes.length > 0 && isPlain && isOneName) {
    return <ChoiceControl id={id} parameter={parameter} value={shown} />;
  }
  return <TextControl id={id} parameter={parameter} value={shown} />;
}

interface ControlProps {
  id: string;
  parameter: Parameter;
  value: Json;
}

function ChoiceControl({ id, parameter, value }: ControlProps) {
  const { takes } = parameter;
  const options: Json[] = [
    ...(takesKind(takes, "none") ? [null] : []),
    ...choices(takes),
    ...(takesKind(takes, "boolean") ? [true, false] : []),
  ];
  return (
    <select
      id={id}
      value={JSON.stringify(value)}
      onChange={(event) => setValue(parameter, JSON.parse(event.currentTarget.value) as Json)}
    >
      {options.map((option) => (
        <option key={String(option)} value={JSON.stringify(option)}>
          {said(option)}
        </option>
      ))}
    </select>
  );
}

function TextControl({ id, parameter, value }: ControlProps) {
  const [text, setText] = useState<string | null>(null);
  const names = choices(parameter.takes);
  const finish = () => {
    if (text !== null && text !== said(value)) {
      setValue(parameter, text.trim() === "" ? parameter.default : read(text));
    }
    setText(null);
  };
  return (
    <>
      <input
        id={id}
        type="text"
        list={names.length > 0 ? `${id}-names` : undefined}
        value={text ?? said(value)}
        aria-invalid={refusal.value?.parameter === parameter.name}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") finish();
          if (event.key === "Escape") setText(null);
        }}
        onBlur={finish}
      />
      {names.length > 0 && (
        <datalist id={`${id}-names`}>
          {names.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
    </>
  );
}
