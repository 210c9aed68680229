/** Linear interpolation between known values. */

/** Return known numbers with the values between them interpolated linearly. */
export function between(
  places: readonly number[],
  values: ReadonlyMap<number, number>,
): (number | null)[] {
  const finite = [...values]
    .filter(([, value]) => Number.isFinite(value))
    .sort(([a], [b]) => a - b);
  let next = 0;
  return places.map((place) => {
    while (next < finite.length && (finite[next] as [number, number])[0] < place) next++;
    const [after, before] = [finite[next], finite[next - 1]];
    if (after?.[0] === place) return after[1];
    if (!after || !before) return null;
    return before[1] + ((after[1] - before[1]) * (place - before[0])) / (after[0] - before[0]);
  });
}
