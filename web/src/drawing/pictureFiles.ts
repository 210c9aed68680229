/** A picture as a file: PNG in a chosen resolution, or SVG. */

import type { Theme } from "./colours";
import { drawSheet, layOutSheet, type Sheet } from "./picture";
import { SvgWriter } from "./svgContext";

export async function toPng(sheet: Sheet, theme: Theme, scale: number): Promise<Blob> {
  const canvas = document.createElement("canvas");
  const layout = layOutSheet(sheet, measuring());
  canvas.width = Math.round(layout.width * scale);
  canvas.height = Math.round(layout.height * scale);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser draws no canvas of that size");
  context.scale(scale, scale);
  drawSheet(context, sheet, layout, theme);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (!blob) throw new Error("this browser makes no PNG of that size");
  return blob;
}

export function toSvg(sheet: Sheet, theme: Theme): Blob {
  const layout = layOutSheet(sheet, measuring());
  const writer = new SvgWriter(layout.width, layout.height);
  drawSheet(writer.context, sheet, layout, theme);
  return new Blob([writer.markup(sheet.title)], { type: "image/svg+xml" });
}

/** Context for measuring text before a canvas exists. */
function measuring(): CanvasRenderingContext2D {
  const context = document.createElement("canvas").getContext("2d");
  if (!context) throw new Error("this browser draws no canvas");
  return context;
}
