/** What is to be said about the run: why it ended, what is wrong with it and what helps, who is taken for whom. */

import { classes } from "../state/plane";
import { change, connection, diagnoses, frame, refusal, state } from "../state/session";
import type { NumberArray } from "../wire/frames";
import { whole } from "./numbers";

export function NotesPanel() {
  return (
    <section class="panel notes" aria-labelledby="notes-title">
      <header>
        <h2 id="notes-title">Notes</h2>
      </header>
      <div role="status">
        <Troubles />
        <Ending />
        <Findings />
      </div>
      <Confusion />
    </section>
  );
}

const CONNECTION = {
  lost: "The server does not answer. It is tried again until it does; the run goes on meanwhile.",
  taken: "This session was opened in another page. Reload to bring it back here.",
  full: "Too many sessions are open: close another page of the workbench and reload.",
} as const;

function Troubles() {
  const status = connection.value;
  const lost = status === "open" || status === "connecting" ? null : CONNECTION[status];
  return (
    <>
      {lost && <p class="note warning">{lost}</p>}
      {refusal.value && (
        <p class="note warning">
          {refusal.value.message}{" "}
          <button
            type="button"
            class="button"
            onClick={() => {
              refusal.value = null;
            }}
          >
            Dismiss
          </button>
        </p>
      )}
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
