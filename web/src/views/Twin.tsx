/** The same data as a picture in a table, which is rendered only while it is open. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";

export function Twin({ of, children }: { of: string; children: () => ComponentChildren }) {
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
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be scrolled by keys as well
        <div class="sheet" role="region" aria-label={`${of} as a table`} tabIndex={0}>
          {children()}
        </div>
      )}
    </details>
  );
}
