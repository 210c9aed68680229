/** Slider over the stored epochs, which chooses the displayed one. */

import { epoch, readable, send } from "../state/session";
import { whole } from "./numbers";
import { RateNow } from "./RateNow";

export function Scrubber() {
  const header = readable.value?.header;
  const stored = header?.stored;
  const last = stored?.last ?? 0;
  return (
    <div class="scrubber">
      <input
        type="range"
        class="slide"
        aria-label="Epoch that is shown"
        title="Back and forth (, and .)"
        aria-valuetext={`epoch ${whole(epoch.value)}`}
        min={stored?.first ?? 0}
        max={Math.max(1, last)}
        step={1}
        value={epoch.value}
        disabled={last === 0}
        onInput={(event) => send({ do: "seek", epoch: Number(event.currentTarget.value) })}
      />
      <button
        type="button"
        class="button quiet"
        disabled={header?.is_latest !== false}
        onClick={() => send({ do: "seek", epoch: null })}
      >
        Latest
      </button>
      <RateNow />
    </div>
  );
}
