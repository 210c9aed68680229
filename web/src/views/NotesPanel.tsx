/** Notes on the run: why it ended, its problems, and their cures. */

import { computed } from "@preact/signals";
import { show } from "../state/panels";
import { change, diagnoses, state } from "../state/session";
import type { View } from "./TabbedPanel";

const findings = computed(() =>
  diagnoses.value?.run === state.value?.run.id ? (diagnoses.value?.findings ?? []) : [],
);

/** Number of notes. */
const count = computed(() => findings.value.length + (isSaid.value ? 1 : 0));
/** True if the run's end is shown beside the findings. */
const isSaid = computed(() => {
  const status = state.value?.run.status;
  return status === "ended" || (status === "failed" && findings.value.length === 0);
});

export const notes: View = {
  name: "Notes",
  Body: NotesPanel,
  badge: () => count.value,
  isFirst: () => count.value > 0,
};

function NotesPanel() {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element must be scrollable by keys
    <div class="scrolls" role="group" aria-label="Notes" tabIndex={0}>
      <div role="status">
        <Ending />
        <Findings />
      </div>
      {findings.value.length === 0 && <Nothing />}
    </div>
  );
}

function Ending() {
  const run = state.value?.run;
  if (!run) return null;
  // Its finding says the same, and names a cure.
  const isFound = findings.value.some(({ message }) => message === run.message);
  if (run.status === "failed" && !isFound) return <p class="note warning">{run.message}</p>;
  if (run.status === "ended") return <p class="note">Ended: {run.ending}</p>;
  return null;
}

function Findings() {
  return (
    <>
      {findings.value.map(({ name, message, cures }) => (
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

function Nothing() {
  return (
    <p class="about">
      Nothing is wrong so far. What is looked for while it learns: inputs that are not scaled, a
      loss that diverges, units that are dead or saturated, a test loss that rises while the
      training loss falls. Each comes with its cause, and with a button for what helps.
    </p>
  );
}

/** The notes in one line, always visible while another view is shown. */
export function NotesInALine() {
  const [first] = findings.value;
  const run = state.value?.run;
  const text = first?.message ?? (run?.status === "ended" ? `Ended: ${run.ending}` : run?.message);
  return (
    <div role="status">
      {text && (
        <button
          type="button"
          class={`note line ${first || run?.message ? "warning" : ""}`}
          onClick={() => show("notes", notes.name)}
        >
          <span class="note-text">{text}</span>
        </button>
      )}
    </div>
  );
}
