/** What stands in the way: a lost connection, or a setting that was refused. */

import { connect, connection, refusal } from "../state/session";
import { Icon } from "./Icon";

const CONNECTION = {
  lost: "The server does not answer. It is tried again until it does; the run goes on meanwhile.",
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
      {refusal.value && (
        <p class="banner">
          {refusal.value.message}
          <button
            type="button"
            class="button quiet"
            aria-label="Dismiss"
            onClick={() => {
              refusal.value = null;
            }}
          >
            <Icon name="close" />
          </button>
        </p>
      )}
    </div>
  );
}
