/** Step backward and forward through the stored epochs. */

import { neighbour } from "./epochs";
import { epoch, frame, send } from "./session";

/** Show the stored epoch before or after the displayed one. */
export function seek(direction: 1 | -1): void {
  const header = frame.value?.header;
  if (!header?.stored) return;
  const next = neighbour(epoch.value, direction, header.stored.every);
  if (next >= header.stored.last) send({ do: "seek", epoch: null });
  else send({ do: "seek", epoch: Math.max(header.stored.first, next) });
}
