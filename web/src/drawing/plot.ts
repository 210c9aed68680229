/** Draw a plot of uPlot onto a surface, with the page's options, axes and lines. */

import uPlot from "uplot";
import type { Surface } from "./surface";
import { writesSvg } from "./svgContext";
import { SvgPath } from "./svgPath";

/** Draw synchronously, in the size of the surface instead of the options'. */
export function drawPlot(surface: Surface, options: uPlot.Options, data: uPlot.AlignedData): void {
  const { context, width, height } = surface;
  context.save();
  context.scale(1 / uPlot.pxRatio, 1 / uPlot.pxRatio);
  withPaths(context, () => {
    // Lines aligned to the page's pixels would show steps at a higher resolution.
    const plot = new uPlot({ ...options, width, height, pxAlign: 0 }, data, (self, begin) => {
      lead(self.ctx, context);
      // A batch draws at its end, and not asynchronously.
      self.batch(begin);
    });
    plot.destroy();
  });
  context.restore();
}

/** Redirect the calls on one context to another, except those that clear it. */
function lead(from: CanvasRenderingContext2D, to: CanvasRenderingContext2D): void {
  const everything = Object.getOwnPropertyDescriptors(CanvasRenderingContext2D.prototype);
  for (const [name, { value, set }] of Object.entries(everything)) {
    if (typeof value === "function") {
      const call = (...inputs: unknown[]) =>
        (to as unknown as Record<string, (...inputs: unknown[]) => unknown>)[name]?.(...inputs);
      Object.defineProperty(from, name, { value: name === "clearRect" ? () => {} : call });
    } else if (set) {
      Object.defineProperty(from, name, {
        get: () => Reflect.get(to, name),
        set: (style: unknown) => Reflect.set(to, name, style),
      });
    }
  }
}

/** uPlot creates paths with the global Path2D, which cannot be read back: replace it while an SVG is drawn. */
function withPaths(context: CanvasRenderingContext2D, draw: () => void): void {
  if (!writesSvg(context)) {
    draw();
    return;
  }
  const usual = globalThis.Path2D;
  try {
    globalThis.Path2D = SvgPath as unknown as typeof Path2D;
    draw();
  } finally {
    globalThis.Path2D = usual;
  }
}
