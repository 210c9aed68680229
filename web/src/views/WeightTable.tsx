/** All weights of a layer as a table whose cells can be edited. */

import { useSignal } from "@preact/signals";
import { biases, weights } from "../state/network";
import { state } from "../state/session";
import type { Layer } from "../wire/protocol/events";
import { WeightInput } from "./MarkedWeight";
import { Twin } from "./Twin";

const MOST_CELLS = 1500;

export function WeightTable() {
  return <Twin name="The weights">{() => <ChosenLayer />}</Twin>;
}

function ChosenLayer() {
  const chosen = useSignal(0);
  const layers = state.value?.network.layers ?? [];
  const layer = Math.min(chosen.value, layers.length - 1);
  const shape = layers[layer];
  return (
    <>
      <label class="tick">
        Layer
        <select
          value={String(layer)}
          onChange={(event) => {
            chosen.value = Number(event.currentTarget.value);
          }}
        >
          {layers.map((each, index) => (
            <option key={each.name} value={String(index)}>
              {each.name}
            </option>
          ))}
        </select>
      </label>
      {shape && <Weights layer={shape} index={layer} />}
    </>
  );
}

function Weights({ layer, index }: { layer: Layer; index: number }) {
  const [matrix, bias] = [weights.value[index], biases.value[index]];
  const { fan_in, fan_out, name } = layer;
  if (!matrix || !bias) return null;
  if (fan_in * fan_out > MOST_CELLS) {
    return (
      <p class="about">{(fan_in * fan_out).toLocaleString("en")} weights: too many to list.</p>
    );
  }
  const names = sources(index, fan_in);
  const units = Array.from({ length: fan_out }, (_, unit) => unit);
  return (
    <table>
      <caption class="only-heard">Weights and biases of {name}</caption>
      <thead>
        <tr>
          <td />
          {units.map((unit) => (
            <th key={unit} scope="col">
              unit {unit + 1}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {[...names, "bias"].map((source, row) => (
          <tr key={source}>
            <th scope="row">{source}</th>
            {units.map((unit) => (
              <td key={unit}>
                <WeightInput
                  name={`${name}, ${source} to unit ${unit + 1}`}
                  value={(row < fan_in ? matrix[row * fan_out + unit] : bias[unit]) ?? 0}
                  block={index}
                  row={row < fan_in ? row : null}
                  column={unit}
                />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function sources(index: number, fanIn: number): string[] {
  const inputs = state.value?.data.inputs ?? [];
  return Array.from({ length: fanIn }, (_, row) =>
    index === 0 ? (inputs[row] ?? `input ${row + 1}`) : `unit ${row + 1}`,
  );
}
