/** Settings of the data: data set, noise, number of samples, and inputs of the network. */

import { board, editPoints, isEditable, isLearned, openBlank } from "../state/board";
import type { Drawing, Target } from "../state/drawings";
import { change, state, vocabulary } from "../state/session";
import type { DataOption, DataSet } from "../wire/protocol/vocabulary";
import { DataChoice } from "./DataChoice";
import { ChoiceField, NumberField, SliderField, TickField } from "./fields";
import { plain } from "./fieldValues";
import { Icon } from "./Icon";
import { capital, whole } from "./numbers";
import type { View } from "./TabbedPanel";

export const dataPanel: View = { name: "Data", Body: DataPanel };

function DataPanel() {
  const experiment = state.value?.experiment;
  const words = vocabulary.value;
  if (!experiment || !words) return null;
  const isThis = (set: DataSet) =>
    set.kind === experiment.data.kind && set.name === experiment.data.name;
  const chosen = board.value ? undefined : words.data.find(isThis);
  return (
    <>
      <DataChoice />
      {chosen?.about && <p class="about">{capital(chosen.about)}.</p>}
      {board.value && <DrawingFields drawing={board.value} />}
      {isEditable.value && (
        <button type="button" class="button" onClick={editPoints}>
          <Icon name="pencil" /> Edit these points
        </button>
      )}
      {isLearned.value && <SplitAndInputs chosen={chosen} />}
    </>
  );
}

function SplitAndInputs({ chosen }: { chosen: DataSet | undefined }) {
  const experiment = state.value?.experiment;
  if (!experiment) return null;
  return (
    <>
      <div class="fields">
        {chosen?.options.map((option) => (
          <OptionField key={`${chosen.name} ${option.name}`} option={option} />
        ))}
        <SliderField
          label="Test fraction"
          help="The part of the rows that the network never learns from"
          value={experiment.test_fraction}
          low={0.1}
          high={0.9}
          step={0.05}
          say={(fraction) => `${plain(Number((100 * fraction).toPrecision(12)))} %`}
          onSet={(fraction) => change({ test_fraction: fraction })}
        />
      </div>
      <Inputs />
      <p class="about">
        {whole(state.value?.data.n_train ?? 0)} rows to learn from,{" "}
        {whole(state.value?.data.n_test ?? 0)} to test.
      </p>
    </>
  );
}

const TARGETS: readonly { value: Target; label: string }[] = [
  { value: "class", label: "the class of a point" },
  { value: "value", label: "the number of a point" },
  { value: "height", label: "a curve: y from x" },
];

function DrawingFields({ drawing }: { drawing: Drawing }) {
  return (
    <>
      <p class="about">
        Click in the plane to put points, drag to spray; the right button takes them away.
      </p>
      <ChoiceField
        label="What is learned"
        value={drawing.target}
        options={TARGETS}
        onChoose={(target) => openBlank(target as Target)}
      />
    </>
  );
}

const OPTION_NAMES: Record<string, string> = { n_samples: "Rows" };

function OptionField({ option }: { option: DataOption }) {
  const value = Number(state.value?.experiment.data[option.name] ?? option.default);
  const set = (next: number) => change({ data: { [option.name]: next } });
  const label = OPTION_NAMES[option.name] ?? capital(option.name.replace("n_", ""));
  if (option.name === "seed") {
    const { low, high } = option;
    return <NumberField label={label} value={value} whole low={low} high={high} onSet={set} />;
  }
  if (option.whole && option.high > 200) {
    return <LadderField label={label} value={value} option={option} onSet={set} />;
  }
  return (
    <SliderField
      label={label}
      control={`data.${option.name}`}
      value={value}
      low={option.low}
      high={option.high}
      step={option.whole ? 1 : (option.high - option.low) / 100}
      say={(number) => (option.whole ? whole(number) : plain(number))}
      onSet={set}
    />
  );
}

/** A slider over a wide range, in steps of 1, 2, 5, 10, 20, 50. */
function LadderField(props: {
  label: string;
  value: number;
  option: DataOption;
  onSet: (value: number) => void;
}) {
  const { label, value, option, onSet } = props;
  // Add a step for a value that is none of these, so that the slider shows the true value.
  const rungs = [...new Set([...ladder(option.low, option.high), value])].sort(
    (one, other) => one - other,
  );
  const at = rungs.indexOf(value);
  return (
    <SliderField
      label={label}
      value={at}
      low={0}
      high={rungs.length - 1}
      step={1}
      say={(place) => whole(rungs[place] ?? value)}
      onSet={(place) => onSet(rungs[place] ?? value)}
    />
  );
}

export function ladder(low: number, high: number): number[] {
  const decades = Array.from({ length: 8 }, (_, exponent) => 10 ** exponent);
  const rungs = decades.flatMap((decade) => [1, 1.5, 2, 3, 5, 7].map((step) => step * decade));
  return rungs.filter((rung) => Number.isInteger(rung) && rung >= low && rung <= high);
}

function Inputs() {
  const experiment = state.value?.experiment;
  if (!experiment) return null;
  // These inputs are computed from two features; null passes the features unchanged.
  const inputs = state.value?.data.features.length === 2 && (experiment.inputs ?? ["x", "y"]);
  return (
    <fieldset>
      <legend>
        <h3>Inputs of the network</h3>
      </legend>
      {inputs && (
        <div class="chips">
          {vocabulary.value?.inputs.map(({ name, code }) => {
            const on = inputs.includes(name);
            return (
              <label key={name} class="chip" title={code}>
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
        control="scaled"
        help="Every input less its mean, by its standard deviation"
        value={experiment.scaled}
        onSet={(scaled) => change({ scaled })}
      />
      {state.value?.data.task === "regression" && (
        <TickField
          label="Target standardised"
          help="The numbers to be learned likewise; predictions come back in their own units"
          value={experiment.target_scaled}
          onSet={(scaled) => change({ target_scaled: scaled })}
        />
      )}
    </fieldset>
  );
}

function toggled(inputs: readonly string[], name: string): string[] {
  return inputs.includes(name) ? inputs.filter((each) => each !== name) : [...inputs, name];
}
