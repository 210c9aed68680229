/** Buttons that go through the stages of a step, forward and back. */

import { playing, send, state } from "../state/session";
import { reached, stages, step, walk, which } from "../state/step";
import { Icon } from "./Icon";
import { RowDescription } from "./RowChoice";

export function Walker() {
  const [at, all] = [reached.value, stages.value];
  const next = at === null ? all[0] : all[at + 1];
  const now = at === null ? null : all[at];
  return (
    <div class="walker" role="group" aria-label="Walk through the step">
      <button
        type="button"
        class="button"
        aria-label="Back by one layer"
        title="Back by one layer (,)"
        disabled={at === null || at === 0}
        onClick={() => walk(-1)}
      >
        <Icon name="back" />
      </button>
      <button
        type="button"
        class="button primary-text"
        title="One layer further (.)"
        disabled={!next}
        onClick={() => walk(1)}
      >
        <Icon name="step" />
        {at === null ? "Walk through, layer by layer" : next ? `Next: ${next.title}` : "At the end"}
      </button>
      {at !== null && (
        <button
          type="button"
          class="button quiet"
          onClick={() => {
            reached.value = null;
          }}
        >
          Show all
        </button>
      )}
      {now ? (
        <p class="about" aria-live="polite">
          {(at ?? 0) + 1} of {all.length}: {now.title}
        </p>
      ) : (
        <RowDescription />
      )}
      {(!next || (at === null && which.value === "next")) && <MakeIt />}
    </div>
  );
}

/** The step can be made if it is the engine's next one, but not for a single row. */
function MakeIt() {
  const trace = step.value?.trace;
  if (!trace?.update || playing.value) return null;
  if (!trace.is_next) {
    return (
      <p class="about">
        Of this row alone: the engine steps by batches. <em>Next batch</em> has its next one.
      </p>
    );
  }
  if (state.value?.run.status !== "paused") return null;
  return (
    <button
      type="button"
      class="button"
      onClick={() => {
        reached.value = null;
        send({ do: "step", batches: 1 });
      }}
    >
      Make this step
    </button>
  );
}
