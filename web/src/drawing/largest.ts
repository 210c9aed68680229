/** Return the largest magnitude of the finite numbers; 0 if there is none. */

export function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let at = 0; at < values.length; at++) {
    const size = Math.abs(values[at] as number);
    if (Number.isFinite(size)) most = Math.max(most, size);
  }
  return most;
}
