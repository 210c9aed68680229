/** Request contents of frames for a view, as long as it is on the page. */

import { useEffect } from "preact/hooks";
import { watch } from "../state/watched";
import type { Watched } from "../wire/protocol/commands";

export function useWatched(contents: Watched): void {
  useEffect(() => watch(contents), [contents]);
}
