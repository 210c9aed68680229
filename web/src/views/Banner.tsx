/** A lost connection, or a refused setting. */

import type { Signal } from "@preact/signals";
import { connect, connection, refusal } from "../state/session";
import { trouble } from "../state/troubles";
import { Icon } from "./Icon";

const CONNECTION = {
  lost: "The server does not answer, and what is done here does not reach it. It is tried again until it does. If it has ended, start `lamina workbench` again and open the link that it prints.",
  restarted:
    "The workbench was restarted: its new server does not know this page, and this run is gone. Open the link that the server has printed.",
  taken: "This session was opened in another place, and is shown there.",
  full: "Too many sessions are open: close another page of the workbench, and reload.",
} as const;

export function Banner() {
  const status = connection.value;
  const lost = status === "open" || status === "connecting" ? null : CONNECTION[status];
  return (
    <div class="banners" role="alert">
      {lost && (
        <p class="banner">
          {lost}
          {status === "taken" && (
            <button type="button" class="button" onClick={connect}>
              Bring it back
            </button>
          )}
        </p>
      )}
      <Dismissable text={refusal.value?.message} onDismiss={dismiss(refusal)} />
      <Dismissable text={trouble.value} onDismiss={dismiss(trouble)} />
    </div>
  );
}

function dismiss<What>(said: Signal<What | null>): () => void {
  return () => {
    said.value = null;
  };
}

interface DismissableProps {
  text: string | null | undefined;
  onDismiss: () => void;
}

function Dismissable({ text, onDismiss }: DismissableProps) {
  if (!text) return null;
  return (
    <p class="banner">
      {text}
      <button type="button" class="button quiet" aria-label="Dismiss" onClick={onDismiss}>
        <Icon name="close" />
      </button>
    </p>
  );
}
