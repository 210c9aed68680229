/** Notice of a finished action at the lower edge, and text to copy by hand. */

import { dismiss, notice } from "../state/notices";
import { uncopied } from "../state/takeAway";
import { Icon } from "./Icon";

export function Notice() {
  return (
    <div class="notice-room">
      <div role="status">
        {notice.value && (
          <p class="notice">
            {notice.value}
            <Dismiss onDismiss={dismiss} />
          </p>
        )}
      </div>
      <ByHand />
    </div>
  );
}

function ByHand() {
  const left = uncopied.value;
  if (!left) return null;
  return (
    <div class="notice" role="group" aria-label="To be copied by hand">
      <label class="by-hand">
        The browser keeps its clipboard to itself: copy this by hand.
        <textarea
          readonly
          rows={3}
          value={left.text}
          ref={(field) => {
            field?.focus();
            field?.select();
          }}
        />
      </label>
      <Dismiss
        onDismiss={() => {
          uncopied.value = null;
        }}
      />
    </div>
  );
}

function Dismiss({ onDismiss }: { onDismiss: () => void }) {
  return (
    <button type="button" class="button quiet" aria-label="Dismiss" onClick={onDismiss}>
      <Icon name="close" />
    </button>
  );
}
