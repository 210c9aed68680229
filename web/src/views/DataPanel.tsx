/** What is learned: the data set, how much noise, how many rows, and what of it the network is given. */

import { change, state, vocabulary } from "../state/session";
import type { DataOption, DataSet } from "../wire/protocol";
import { NumberField, SliderField, TickField } from "./fields";
import { percent, whole } from "./numbers";

export function DataPanel() {
  const experiment = state.value?.experiment;
  const words = vocabulary.value;
  if (!experiment || !words) return <section class="panel data" aria-label="Data" />;
  const chosen = words.data.find(
    (set) => set.kind === experiment.data.kind && set.name === experiment.data.name,
  );
  return (
    <section class="panel data" aria-labelledby="data-title">
      <header>
        <h2 id="data-title">Data</h2>
      </header>
      <DataChoice sets={words.data} chosen={chosen} />
      {chosen?.about && <p class="about">{chosen.about}</p>}
      <div class="fields">
        {chosen?.options.map((option) => (
          <OptionField key={`${chosen.name} ${option.name}`} option={option} />
        ))}
        <SliderField
          label="Test share"
          help="The part of the rows that the network never learns from"
          value={experiment.test_share}
          low={0.1}
          high={0.9}
          step={0.05}
          say={(share) => percent(share).replace(".0", "")}
          onSet={(share) => change({ test_share: share })}
        />
      </div>
      <Inputs />
      <p class="about">
        {whole(state.value?.data.n_train ?? 0)} rows to learn from,{" "}
        {whole(state.value?.data.n_test ?? 0)} to test.
      </p>
    </section>
  );
}

const GROUPS: readonly { label: string; holds: (set: DataSet) => boolean }[] = [
  { label: "Made: classes", holds: (set) => set.kind === "made" && set.task === "classification" },
  { label: "Made: numbers", holds: (set) => set.kind === "made" && set.task === "regression" },
  { label: "Known data", holds: (set) => set.kind === "known" },
];

function DataChoice({ sets, chosen }: { sets: DataSet[]; chosen: DataSet | undefined }) {
  return (
    <label class="field">
      <span class="name">Data set</span>
      <select
        value={chosen?.name ?? ""}
        onChange={(event) => {
          const set = sets.find((each) => each.name === event.currentTarget.value);
          if (set) change({ data: { kind: set.kind, name: set.name } });
        }}
      >
        {!chosen && <option value="">{state.value?.data.name}</option>}
        {GROUPS.map(({ label, holds }) => (
          <optgroup key={label} label={label}>
            {sets.filter(holds).map((set) => (
              <option key={set.name} value={set.name}>
                {set.name}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </label>
  );
}

function OptionField({ option }: { option: DataOption }) {
  const given = state.value?.experiment.data[option.name] ?? option.default;
  const value = Number(given);
  const set = (next: number) => change({ data: { [option.name]: next } });
  if (option.name === "seed") {
    return (
      <NumberField
        label={capital(option.label)}
        value={value}
        whole
        low={option.low}
        high={option.high}
        onSet={set}
      />
    );
  }
  return (
    <SliderField
      label={capital(option.label)}
      value={value}
      low={option.low}
      high={option.high}
      step={sliderStep(option)}
      say={(number) => (option.whole ? whole(number) : number.toFixed(2))}
      onSet={set}
    />
  );
}

function sliderStep({ low, high, whole: isWhole }: DataOption): number {
  if (!isWhole) return (high - low) / 100;
  const room = high - low;
  return room > 1000 ? 50 : room > 200 ? 10 : 1;
}

function Inputs() {
  const experiment = state.value?.experiment;
  const inputs = experiment?.inputs;
  if (!experiment) return null;
  return (
    <fieldset>
      <legend>
        <h3>Inputs of the network</h3>
      </legend>
      {inputs && (
        <div class="chips">
          {vocabulary.value?.inputs.map(({ name, formula }) => {
            const on = inputs.includes(name);
            return (
              <label key={name} class="chip" title={formula}>
                <input
                  type="checkbox"
                  checked={on}
                  disabled={on && inputs.length === 1}
                  onChange={() => change({ inputs: toggled(inputs, name) })}
                />
                {name}
              </label>
            );
          })}
        </div>
      )}
      <TickField
        label="Standardised"
        help="Every input less its mean, by its standard deviation"
        value={experiment.scaled}
        onSet={(scaled) => change({ scaled })}
      />
    </fieldset>
  );
}

/** In the vocabulary's order, whichever was ticked first. */
function toggled(inputs: readonly string[], name: string): string[] {
  const wanted = new Set(inputs);
  if (!wanted.delete(name)) wanted.add(name);
  const order = vocabulary.value?.inputs.map((each) => each.name) ?? [];
  return order.filter((each) => wanted.has(each));
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
