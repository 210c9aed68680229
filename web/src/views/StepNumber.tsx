/** One number of a step: its formula, the line of Python that computes it, and its value. */

import { useComputed } from "@preact/signals";
import { state } from "../state/session";
import { lit, type PickedWeight, pick, picked, step } from "../state/step";
import type { TracedNumber } from "../wire/protocol/steps";
import { Formula, type Mark, type Marks, symbolKey } from "./Formula";
import { Matrix } from "./Matrix";

/** The numbers of a longer formula are below it instead of on its right. */
const LONG = 56;

export function StepNumber({ number }: { number: TracedNumber }) {
  // When the pointer moves to another number, only elements whose look changes are rendered again.
  const look = useComputed(() => lookOf(number, lit.value)).value;
  const pointed = look && lit.peek();
  const isLong = number.formula.length > LONG;
  const about = [number.layer.replace("_", " "), number.formula].filter(Boolean).join(": ");
  return (
    <div
      class={`number ${look.split(" ")[0]}${isLong ? " long" : ""}`}
      onPointerEnter={() => point(number.id)}
      onPointerLeave={() => point(null)}
      onFocusIn={() => point(number.id)}
      onFocusOut={() => point(null)}
    >
      <div class="said">
        <p class="formula" {...(isLong ? { tabIndex: 0 } : {})}>
          <Formula nodes={number.mathml} marks={marksOf(number, pointed)} />
        </p>
        <Python number={number} pointed={pointed} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keys scroll it, and light up what it is made from */}
      <div class="values" role="group" aria-label={about} tabIndex={0}>
        <Values number={number} />
      </div>
    </div>
  );
}

function point(id: string | null): void {
  lit.value = id;
}

/** Relation to the number under the pointer: the same, an input of it, or computed from it. */
function lookOf(number: TracedNumber, pointed: string | null): string {
  if (pointed === null) return "";
  if (pointed === number.id) return `lit ${pointed}`;
  if (number.from.includes(pointed)) return `made ${pointed}`;
  const target = step.value?.trace.numbers.find(({ id }) => id === pointed);
  return target?.from.includes(number.id) ? `source ${pointed}` : "";
}

function marksOf(number: TracedNumber, pointed: string | null): Marks {
  const all = step.value?.trace.numbers ?? [];
  const near = all.filter(({ id }) => id === number.id || number.from.includes(id));
  return new Map(near.map(({ id, symbol }) => [symbolKey(symbol), markOf(id, number, pointed)]));
}

/** Pointer events of a symbol in a formula, or a name in a line of Python. */
function markOf(id: string, number: TracedNumber, pointed: string | null): Mark {
  return {
    class: id === pointed ? "symbol lit" : "symbol",
    onPointerEnter: () => point(id),
    onPointerLeave: () => point(number.id),
  };
}

const NAMES = /([A-Za-z_]\w*)/;

function Python({ number, pointed }: { number: TracedNumber; pointed: string | null }) {
  const variables = new Set([number.id, ...number.from]);
  return (
    <pre class="python">
      {number.code.split(NAMES).map((part, index) =>
        variables.has(part) ? (
          <span key={`${index}`} {...markOf(part, number, pointed)}>
            {part}
          </span>
        ) : (
          part
        ),
      )}
    </pre>
  );
}

function Values({ number }: { number: TracedNumber }) {
  const array = step.value?.values.get(number.id);
  if (!array) return null;
  const { shape, layer, name } = number;
  const weightOf = (row: number, column: number): PickedWeight => ({
    layer,
    i: name === "dW" ? row : null,
    j: column,
  });
  const canPick = name === "dW" || name === "db";
  const isSame = (one: PickedWeight) => {
    const chosen = picked.value;
    return chosen?.layer === one.layer && chosen.i === one.i && chosen.j === one.j;
  };
  return (
    <Matrix
      name={`${number.id}, of ${shape.join(" × ") || "one number"}`}
      shape={shape}
      sent={array.shape}
      values={array.values}
      rowNames={(row) => nameOf(number, 0, row)}
      columnNames={(column) => nameOf(number, shape.length - 1, column)}
      onPick={canPick ? (row, column) => pick(weightOf(row, column)) : undefined}
      isPicked={canPick ? (row, column) => isSame(weightOf(row, column)) : undefined}
    />
  );
}

/** Label of a row or column: an input's name, a class, or a number of a sample or unit. */
function nameOf(number: TracedNumber, axis: number, index: number): string {
  const layers = state.value?.network.layers ?? [];
  const data = state.value?.data;
  if (number.axes[axis] === "rows") return `row ${step.value?.trace.rows[index] ?? index}`;
  const layer = layers.findIndex(({ name }) => name === number.layer);
  const isFirst = number.axes[axis] === "fan_in" && layer === 0;
  const isInput = number.layer === "inputs" ? number.id === "a_0" : isFirst;
  if (isInput) return data?.inputs[index] ?? `${index}`;
  const isOutput =
    number.axes[axis] === "fan_out" && (number.layer === "" || layer === layers.length - 1);
  const classes = data?.classes ?? [];
  if (isOutput && classes.length > 2) return classes[index] ?? `${index}`;
  return `${index}`;
}
