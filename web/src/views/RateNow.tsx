/** The learning rate of the next steps, which can be changed while the run continues. */

import { useComputed } from "@preact/signals";
import { frame, send, state } from "../state/session";
import { Icon } from "./Icon";
import { short, stepInPowers } from "./numbers";

export function RateNow() {
  const rate = useComputed(() => frame.value?.header.learning_rate).value;
  const status = state.value?.run.status;
  if (!rate || (status !== "playing" && status !== "paused")) return null;
  const become = (direction: 1 | -1) =>
    send({ do: "rate", learning_rate: stepInPowers(rate, direction) });
  return (
    <div class="count rate" role="group" aria-label="Learning rate now">
      <span class="muted">rate now</span>
      <button
        type="button"
        class="button"
        aria-label="Smaller steps from now on"
        title="Smaller steps from now on, without beginning again"
        onClick={() => become(-1)}
      >
        <Icon name="minus" />
      </button>
      <span>{short(rate)}</span>
      <button
        type="button"
        class="button"
        aria-label="Larger steps from now on"
        title="Larger steps from now on, without beginning again"
        onClick={() => become(1)}
      >
        <Icon name="plus" />
      </button>
    </div>
  );
}
