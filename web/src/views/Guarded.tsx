/** Error boundary of a view: it reports the error, and offers to show the view again. */

import type { ComponentChildren } from "preact";
import { useErrorBoundary } from "preact/hooks";
import { report } from "../state/troubles";

export function Guarded({ what, children }: { what: string; children: ComponentChildren }) {
  const [error, again] = useErrorBoundary((thrown) => report(`show ${what}`, thrown));
  if (!error) return <>{children}</>;
  return (
    <p class="note warning" role="status">
      {what} cannot be shown now.{" "}
      <button type="button" class="button" onClick={again}>
        Try again
      </button>
    </p>
  );
}
