/** A canvas in the screen's resolution, with the colours of the theme. */

import { DARK, LIGHT, type Theme } from "./colours";

export interface Surface {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  readonly theme: Theme;
}

const darkness = matchMedia("(prefers-color-scheme: dark)");

export function theme(): Theme {
  return darkness.matches ? DARK : LIGHT;
}

export function onThemeChange(listener: () => void): () => void {
  darkness.addEventListener("change", listener);
  return () => darkness.removeEventListener("change", listener);
}

/** Resize a canvas to its box on the page, in CSS pixels, and clear it. */
export function prepare(canvas: HTMLCanvasElement): Surface | null {
  const context = canvas.getContext("2d");
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!context || width === 0 || height === 0) return null;
  const ratio = window.devicePixelRatio || 1;
  const [columns, rows] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height, theme: theme() };
}
