/** The bar at the top: controls of the run, its progress, and its metrics. */

import { keep } from "../state/kept";
import { show } from "../state/panels";
import { epoch, isDead, playing, readable, send, state } from "../state/session";
import { walk } from "../state/step";
import { asControl } from "./controls";
import { Icon } from "./Icon";
import { Mark } from "./Mark";
import { capital, fixed, percent, short, whole } from "./numbers";
import { TakeAway } from "./TakeAway";

export function toggle(): void {
  send({ do: playing.value ? "pause" : "play" });
}

export function RunBar() {
  return (
    <header class="bar" inert={isDead.value}>
      <h1 class="wordmark">
        <Mark />
        lamina <span>workbench</span>
      </h1>
      <RunButtons />
      <Readouts />
      <Pace />
      <TakeAway />
    </header>
  );
}

function RunButtons() {
  const ended = state.value?.run.status === "ended";
  return (
    <div class="run" role="group" aria-label="Run">
      <button
        type="button"
        class="button quiet"
        aria-label="Begin again, same first weights"
        title="Begin again, same first weights (R)"
        onClick={() => send({ do: "reset", seed: "same" })}
      >
        <Icon name="reset" />
      </button>
      <button
        type="button"
        class="button primary"
        aria-label={playing.value ? "Pause" : "Play"}
        title={playing.value ? "Pause (space)" : "Play (space)"}
        disabled={ended}
        {...asControl("play")}
        onClick={toggle}
      >
        <Icon name={playing.value ? "pause" : "play"} />
      </button>
      <button
        type="button"
        class="button quiet"
        aria-label="One epoch"
        title="One epoch (S)"
        disabled={ended}
        onClick={() => send({ do: "step", epochs: 1 })}
      >
        <Icon name="step" />
      </button>
      <BatchButton ended={ended} />
      <button
        type="button"
        class="button quiet"
        aria-label="One layer of a step"
        title="One layer of a step, forward or backward (.)"
        onClick={() => {
          show("centre", "Step");
          walk(1);
        }}
      >
        <Icon name="layer" />
      </button>
      <button
        type="button"
        class="button quiet"
        aria-label="Begin again with new weights"
        title="Begin again with new weights (N)"
        onClick={() => send({ do: "reset", seed: "new" })}
      >
        <Icon name="dice" />
      </button>
      <KeepButton />
    </div>
  );
}

function KeepButton() {
  return (
    <button
      type="button"
      class="button quiet"
      aria-label="Keep this run"
      title="Keep this run, to compare it with others (K)"
      onClick={keep}
    >
      <Icon name="keep" />
    </button>
  );
}

const NO_BATCHES = "One batch: this solver takes all rows at once, and has no batches";

function BatchButton({ ended }: { ended: boolean }) {
  const hasBatches = state.value?.run.is_minibatch !== false;
  const name = hasBatches ? "One batch" : NO_BATCHES;
  return (
    <button
      type="button"
      class="button quiet"
      aria-label={name}
      title={hasBatches ? `${name} (B)` : name}
      aria-disabled={!hasBatches}
      disabled={ended}
      onClick={stepBatch}
    >
      <Icon name="batch" />
    </button>
  );
}

export function stepBatch(): void {
  if (state.value?.run.is_minibatch !== false) send({ do: "step", batches: 1 });
}

function Readouts() {
  const header = readable.value?.header;
  const score = header?.score;
  return (
    <dl class="readouts">
      <Readout name="Epoch" value={whole(epoch.value)} />
      <Readout name="Loss, train" value={loss(header?.loss)} />
      <Readout name="Loss, test" value={loss(header?.validation_loss)} />
      {score && (
        <Readout
          name={`${score.name === "r2" ? "R²" : capital(score.name)}, test`}
          value={score.name === "accuracy" ? percent(score.value) : fixed(score.value, 3)}
        />
      )}
      {header && header.batch > 0 && header.is_latest ? (
        <Readout
          name={`Batch ${whole(header.batch)} of ${whole(header.n_batches)}, loss`}
          value={loss(header.batch_loss)}
          look="batch"
        />
      ) : (
        <Readout
          name="Epochs a second"
          value={playing.value ? whole(Math.round(header?.epochs_per_second ?? 0)) : "–"}
          look="speed"
        />
      )}
    </dl>
  );
}

function Readout({ name, value, look }: { name: string; value: string; look?: string }) {
  return (
    <div class={look}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function loss(value: number | null | undefined): string {
  return value !== null && value !== undefined && value >= 0.001 && value < 100
    ? fixed(value, 4)
    : short(value, 4);
}

const PACES = [2, 10, 50, 200, 1000];

function Pace() {
  if (!state.value) return null;
  const { pace } = state.value;
  const paces = pace === null || PACES.includes(pace) ? PACES : [...PACES, pace].sort(byValue);
  return (
    <label class="pace">
      <span>Pace</span>
      <select
        aria-label="Pace"
        value={pace === null ? "" : String(pace)}
        onChange={(event) => {
          const { value } = event.currentTarget;
          send({ do: "pace", epochs_per_second: value === "" ? null : Number(value) });
        }}
      >
        {paces.map((each) => (
          <option key={each} value={String(each)}>
            {whole(each)} epochs a second
          </option>
        ))}
        <option value="">as fast as it can</option>
      </select>
    </label>
  );
}

function byValue(one: number, other: number): number {
  return one - other;
}
