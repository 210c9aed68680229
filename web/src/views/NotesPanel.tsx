/** What is to be said about the run: why it ended, what is wrong with it and what helps, who is taken for whom. */

import { classes } from "../state/plane";
import { change, diagnoses, frame, state } from "../state/session";
import type { NumberArray } from "../wire/frames";
import { whole } from "./numbers";
import type { View } from "./TabbedPanel";
import { useWatched } from "./watching";

export const notes: View = { name: "Notes", Body: NotesPanel };

const CONFUSION = { confusion: true };

function NotesPanel() {
  useWatched(CONFUSION);
  return (
    <>
      <div role="status">
        <Ending />
        <Findings />
      </div>
      <Confusion />
    </>
  );
}

function Ending() {
  const run = state.value?.run;
  if (!run) return null;
  if (run.status === "failed") return <p class="note warning">{run.message}</p>;
  if (run.status === "ended") return <p class="note">Ended: {run.ending}</p>;
  return null;
}

function Findings() {
  const findings = diagnoses.value?.run === state.value?.run.id ? diagnoses.value?.findings : [];
  return (
    <>
      {findings?.map(({ name, message, cures }) => (
        <div key={name} class="note warning">
          <p>{message}</p>
          {cures.map(({ label, experiment }) => (
            <button key={label} type="button" class="button" onClick={() => change(experiment)}>
              {label}
            </button>
          ))}
        </div>
      ))}
    </>
  );
}

const MOST_CLASSES = 12;

function Confusion() {
  const counts = frame.value?.arrays.get("confusion");
  const names = classes.value;
  if (!counts || names.length === 0 || names.length > MOST_CLASSES) return null;
  return (
    <table class="confusion">
      <caption>Test rows: the true class a row, the predicted a column</caption>
      <thead>
        <tr>
          <td />
          {names.map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {names.map((name, row) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {names.map((other, column) => (
              <ConfusionCell key={other} counts={counts} row={row} column={column} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function ConfusionCell(props: { counts: NumberArray; row: number; column: number }) {
  const { counts, row, column } = props;
  const size = counts.shape[1] ?? 0;
  const count = counts.values[row * size + column] ?? 0;
  const kind = row === column ? "right" : count > 0 ? "wrong" : "none";
  return <td class={kind}>{whole(count)}</td>;
}
