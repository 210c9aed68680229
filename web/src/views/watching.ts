/** A view's wish for what frames carry, for as long as it is on the page. */

import { useEffect } from "preact/hooks";
import { want } from "../state/watched";
import type { Watched } from "../wire/protocol";

export function useWatched(wish: Watched): void {
  useEffect(() => want(wish), [wish]);
}
