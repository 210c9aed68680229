/** The weight or unit under the pointer: its name, and a field to change it. */

import type { Signal } from "@preact/signals";
import { useState } from "preact/hooks";
import type { Edge, Node } from "../drawing/networkLayout";
import { biases, sizes, weights } from "../state/network";
import { send, state } from "../state/session";
import { parse, plain } from "./fieldValues";
import { short } from "./numbers";

interface MarkedProps {
  marked: Edge | Node | null;
  chosen: Signal<Edge | Node | null>;
}

export function MarkedWeight({ marked, chosen }: MarkedProps) {
  if (marked && "unit" in marked && marked.layer === 0) return <Input at={marked.unit} />;
  const place = marked && placeOf(marked);
  if (!place) return <Key />;
  return (
    <p class="answer">
      {place.name}: <strong>{short(place.value, 5)}</strong>
      {chosen.value && (
        <>
          {" "}
          <WeightInput key={place.name} {...place} />
          <button
            type="button"
            class="button quiet"
            onClick={() => {
              chosen.value = null;
            }}
          >
            Done
          </button>
        </>
      )}
    </p>
  );
}

function Input({ at }: { at: number }) {
  return (
    <p class="answer">
      input {at + 1}: <strong>{state.value?.data.inputs[at]}</strong>
    </p>
  );
}

/** Description of the picture when nothing is under the pointer. */
function Key() {
  return (
    <p class="answer">
      Lines are weights: <span class="swatch positive" /> positive, <span class="swatch negative" />{" "}
      negative, wide is large. Click a line or a unit to change it.
    </p>
  );
}

export interface WeightPlace {
  name: string;
  value: number;
  /** Index of the layer that the weight belongs to. */
  block: number;
  row: number | null;
  column: number;
}

/** A field that writes one number into the network. */
export function WeightInput({ name, value, block, row, column }: WeightPlace) {
  const [text, setText] = useState<string | null>(null);
  const finish = () => {
    const typed = text === null ? null : parse(text, {});
    if (typed !== null && typed !== value) {
      send({ do: "edit", block, row, column, value: typed });
    }
    setText(null);
  };
  return (
    <input
      type="text"
      class="weight"
      inputMode="decimal"
      aria-label={name}
      aria-invalid={text !== null && parse(text, {}) === null}
      title={plain(value)}
      value={text ?? value.toPrecision(5)}
      onInput={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter") finish();
        if (event.key === "Escape") setText(null);
      }}
      onBlur={finish}
    />
  );
}

function placeOf(marked: Edge | Node): WeightPlace | null {
  const block = state.value?.network.layers[marked.layer - 1];
  if (!block) return null;
  if ("from" in marked) {
    const fanOut = sizes.value[marked.layer] ?? 0;
    const value = weights.value[marked.layer - 1]?.[marked.from * fanOut + marked.to];
    const name = `weight of ${sourceName(marked)} in ${block.name}, unit ${marked.to + 1}`;
    return value === undefined
      ? null
      : { name, value, block: marked.layer - 1, row: marked.from, column: marked.to };
  }
  const value = biases.value[marked.layer - 1]?.[marked.unit];
  const name = `bias of ${block.name}, unit ${marked.unit + 1}`;
  return value === undefined
    ? null
    : { name, value, block: marked.layer - 1, row: null, column: marked.unit };
}

function sourceName(edge: Edge): string {
  if (edge.layer === 1) return state.value?.data.inputs[edge.from] ?? `input ${edge.from + 1}`;
  return `unit ${edge.from + 1}`;
}
