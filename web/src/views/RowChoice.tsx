/** Choice of the step's sample, or the next batch, and its description. */

import { useState } from "preact/hooks";
import { isClassification } from "../state/plane";
import { state } from "../state/session";
import { chooseRow, rowCount, shownRow, step, which } from "../state/step";
import { parse } from "./fieldValues";
import { Icon } from "./Icon";
import { short, whole } from "./numbers";

export function RowChoice() {
  const row = which.value === "next" ? (shownRow.value ?? 0) : which.value;
  const isNext = which.value === "next";
  return (
    <div class="row-choice" role="group" aria-label="Of which rows">
      <button
        type="button"
        class="button quiet"
        aria-label="The row before"
        disabled={!isNext && row <= 0}
        onClick={() => chooseRow(row - 1)}
      >
        <Icon name="minus" />
      </button>
      <RowField row={row} />
      <button
        type="button"
        class="button quiet"
        aria-label="The next row"
        disabled={!isNext && row >= rowCount.value - 1}
        onClick={() => chooseRow(row + 1)}
      >
        <Icon name="plus" />
      </button>
      <button
        type="button"
        class="button quiet"
        aria-label="A row at random"
        title="A row at random"
        onClick={() => chooseRow(Math.floor(Math.random() * rowCount.value))}
      >
        <Icon name="dice" />
      </button>
      <button
        type="button"
        class="button"
        aria-pressed={isNext}
        onClick={() => {
          which.value = isNext ? row : "next";
        }}
      >
        Next batch
      </button>
    </div>
  );
}

function RowField({ row }: { row: number }) {
  const [text, setText] = useState<string | null>(null);
  const limits = { whole: true, low: 0, high: rowCount.value - 1 };
  const finish = () => {
    const typed = text === null ? null : parse(text, limits);
    if (typed !== null) chooseRow(typed);
    setText(null);
  };
  return (
    <label class="tick">
      Row
      <input
        type="text"
        class="weight row-number"
        inputMode="numeric"
        value={text ?? String(row)}
        aria-invalid={text !== null && parse(text, limits) === null}
        onInput={(event) => setText(event.currentTarget.value)}
        onBlur={finish}
        onKeyDown={(event) => {
          if (event.key === "Enter") finish();
          if (event.key === "Escape") setText(null);
        }}
      />
      <span class="muted">of {whole(rowCount.value)}</span>
    </label>
  );
}

/** Features, target and prediction of the sample. */
export function RowDescription() {
  const trace = step.value?.trace;
  if (!trace) return null;
  if (trace.n_samples > 1) return <p class="about">{trace.title}</p>;
  const names = state.value?.data.features ?? [];
  const features = trace.features[0] ?? [];
  const shown = features.slice(0, 4).map((value, index) => `${names[index]} ${short(value)}`);
  const more = features.length > 4 ? ` and ${whole(names.length - 4)} more` : "";
  const target = trace.targets[0];
  return (
    <p class="about">
      {shown.join(", ")}
      {more}. {isClassification.value ? "Class" : (state.value?.data.target ?? "Target")}{" "}
      <strong>{sayTarget(target)}</strong>; the network says{" "}
      <strong>{sayAnswer(trace.answers[0])}</strong>.
    </p>
  );
}

function sayTarget(target: string | number | undefined): string {
  return typeof target === "number" ? short(target, 4) : (target ?? "");
}

function sayAnswer(answer: string | number[] | undefined): string {
  if (!Array.isArray(answer)) return answer ?? "";
  return answer.map((value) => short(value, 4)).join(", ");
}
