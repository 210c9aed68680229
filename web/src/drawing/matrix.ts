/** A matrix as a picture: a cell for each number, from orange over the background to blue. */

import { diverging } from "./colours";
import { largest } from "./largest";
import type { Surface } from "./surface";

export function paintMatrix(
  { context, width, height, theme }: Surface,
  rows: number,
  columns: number,
  values: ArrayLike<number>,
): void {
  const scale = largest(values) || 1;
  const picture = new ImageData(columns, rows);
  for (let at = 0; at < rows * columns; at++) {
    const value = values[at] as number;
    const [red, green, blue] = diverging(Number.isFinite(value) ? value / scale : 0, theme);
    picture.data.set([red, green, blue, 255], 4 * at);
  }
  const bench = document.createElement("canvas");
  bench.width = columns;
  bench.height = rows;
  bench.getContext("2d")?.putImageData(picture, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(bench, 0, 0, width, height);
}
