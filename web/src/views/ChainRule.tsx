/** The chain rule for one weight: its paths to the loss, factor by factor, and their sum. */

import { useEffect, useRef } from "preact/hooks";
import { state } from "../state/session";
import { lit, paths, pick, picked } from "../state/step";
import type { StepPaths } from "../wire/protocol/steps";
import { Formula } from "./Formula";
import { counted, DIGITS } from "./Matrix";
import { short, whole } from "./numbers";

export function ChainRule() {
  const box = useRef<HTMLDivElement>(null);
  const found = paths.value;
  useEffect(() => {
    if (picked.value) box.current?.scrollIntoView({ block: "nearest" });
  }, [picked.value, found === null]);
  return (
    <div ref={box} class="stage chain" role="group" aria-label="The chain rule for one weight">
      <h3>The chain rule for one weight</h3>
      <WeightChoice />
      {found && <Found found={found} />}
    </div>
  );
}

function WeightChoice() {
  const layers = state.value?.network.layers ?? [];
  const chosen = picked.value;
  const at = Math.max(
    0,
    layers.findIndex(({ name }) => name === chosen?.layer),
  );
  const layer = layers[at];
  if (!layer) return null;
  const from = chosen ? chosen.i : 0;
  const sources = counted(layer.fan_in).map((i) => ({ value: `${i}`, label: sourceName(at, i) }));
  return (
    <div class="weight-choice">
      {!chosen && <p class="about">Choose a number of dL/dW or dL/db above, or here:</p>}
      <Choice
        label="Layer"
        value={layer.name}
        options={layers.map(({ name }) => ({ value: name, label: name.replace("_", " ") }))}
        onChoose={(name) => pick({ layer: name, i: 0, j: 0 })}
      />
      <Choice
        label="From"
        value={from === null ? "" : `${from}`}
        options={[...sources, { value: "", label: "bias" }]}
        onChoose={(value) =>
          pick({ layer: layer.name, i: value === "" ? null : Number(value), j: chosen?.j ?? 0 })
        }
      />
      <Choice
        label="To"
        value={`${chosen?.j ?? 0}`}
        options={counted(layer.fan_out).map((j) => ({ value: `${j}`, label: `unit ${j}` }))}
        onChoose={(value) => pick({ layer: layer.name, i: from, j: Number(value) })}
      />
      {chosen ? (
        <button type="button" class="button quiet" onClick={() => pick(null)}>
          Close
        </button>
      ) : (
        <button
          type="button"
          class="button"
          onClick={() => pick({ layer: layer.name, i: 0, j: 0 })}
        >
          Show its paths
        </button>
      )}
    </div>
  );
}

function Choice(props: {
  label: string;
  value: string;
  options: readonly { value: string; label: string }[];
  onChoose: (value: string) => void;
}) {
  const { label, value, options, onChoose } = props;
  return (
    <label class="tick">
      {label}
      <select value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  );
}

function sourceName(layer: number, index: number): string {
  if (layer > 0) return `unit ${index}`;
  return state.value?.data.inputs[index] ?? `input ${index}`;
}

function Found({ found }: { found: StepPaths }) {
  const { paths: listed, n_paths } = found;
  const left = n_paths - listed.length;
  return (
    <>
      <ol class="paths">
        {listed.map((path, index) => (
          <li key={index}>
            <p class="way">{wayOf(path, found.n_samples)}</p>
            <div class="factors">
              {path.factors.map((factor, place) => (
                <span key={place} class="factor">
                  {place > 0 && <span class="times">·</span>}
                  <span class="formula">
                    <Formula nodes={factor.name} />
                  </span>
                  <span class="value">{short(factor.value, DIGITS)}</span>
                </span>
              ))}
              <span class="factor product">
                <span class="times">=</span>
                <span class="value">{short(path.product, DIGITS)}</span>
              </span>
            </div>
          </li>
        ))}
      </ol>
      <dl class="sums">
        {left > 0 && <Sum name={`the other ${whole(left)} paths`} value={found.rest} />}
        <Sum name="sum of all paths" value={found.sum} />
        <Sum name="by backpropagation" value={found.backpropagated} />
        {found.penalty !== 0 && <Sum name="the penalty's part" value={found.penalty} />}
        <div
          onPointerEnter={pointAtGradient}
          onPointerLeave={() => {
            lit.value = null;
          }}
        >
          <dt class="formula">
            <Formula nodes={found.weight} />
          </dt>
          <dd>{short(found.gradient, DIGITS)}</dd>
        </div>
      </dl>
    </>
  );
}

function Sum({ name, value }: { name: string; value: number | null }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{short(value, DIGITS)}</dd>
    </div>
  );
}

/** Highlight the gradient among the numbers of the step. */
function pointAtGradient(): void {
  const chosen = picked.value;
  const layers = state.value?.network.layers ?? [];
  const at = layers.findIndex(({ name }) => name === chosen?.layer) + 1;
  lit.value = chosen?.i === null ? `db_${at}` : `dW_${at}`;
}

function wayOf(path: StepPaths["paths"][number], rows: number): string {
  const inputs = state.value?.data.inputs ?? [];
  const units = path.units.map((unit) => {
    const input = /^x\[(\d+)\]$/.exec(unit);
    return input ? (inputs[Number(input[1])] ?? unit) : unit.replace("_", " ");
  });
  const way = units.join(" → ");
  return rows > 1 ? `row ${path.row}: ${way}` : way;
}
