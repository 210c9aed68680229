/** Back and forth along the recorded history. */

import { neighbour } from "./epochs";
import { epoch, frame, send } from "./session";

/** Shows the stored epoch before or after the one that is shown. */
export function seek(direction: 1 | -1): void {
  const header = frame.value?.header;
  if (!header?.stored) return;
  const next = neighbour(epoch.value, direction, header.stored.every);
  if (next >= header.stored.last) send({ do: "seek", epoch: null });
  else send({ do: "seek", epoch: Math.max(header.stored.first, next) });
}
