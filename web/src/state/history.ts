/** Back and forth along the recorded history. */

import { neighbour } from "./epochs";
import { epoch, frame, send } from "./session";

/** Shows the epoch that is remembered before or after the one that is shown. */
export function seek(direction: 1 | -1): void {
  const header = frame.value?.header;
  if (!header?.remembered) return;
  const next = neighbour(epoch.value, direction, header.remembered.every);
  if (next >= header.remembered.last) send({ do: "seek", epoch: null });
  else send({ do: "seek", epoch: Math.max(header.remembered.first, next) });
}
