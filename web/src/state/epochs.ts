/** Epochs at even distances, as they are stored. */

/** Return the stored epoch before or after an epoch. */
export function neighbour(from: number, direction: 1 | -1, apart: number): number {
  const at = direction > 0 ? Math.floor(from / apart) + 1 : Math.ceil(from / apart) - 1;
  return at * apart;
}
