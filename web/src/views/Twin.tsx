/** The same data as a picture in a table, which is rendered only while it is open. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";

export function Twin({ name, children }: { name: string; children: () => ComponentChildren }) {
  const open = useSignal(false);
  return (
    <details
      class="twin"
      onToggle={(event) => {
        open.value = event.currentTarget.open;
      }}
    >
      <summary>As a table</summary>
      {open.value && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element must be scrollable by keys
        <div class="sheet" role="region" aria-label={`${name} as a table`} tabIndex={0}>
          {children()}
        </div>
      )}
    </details>
  );
}
