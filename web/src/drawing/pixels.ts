/** Pixels as an image that a context can draw; all share one canvas, because each is drawn immediately. */

let bench: HTMLCanvasElement | null = null;

export function imageOf(
  pixels: Uint8ClampedArray<ArrayBuffer>,
  columns: number,
  rows: number,
): HTMLCanvasElement {
  bench ??= document.createElement("canvas");
  bench.width = columns;
  bench.height = rows;
  bench.getContext("2d")?.putImageData(new ImageData(pixels, columns, rows), 0, 0);
  return bench;
}
