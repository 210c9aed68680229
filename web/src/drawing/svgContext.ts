/**
 * A 2D context that writes SVG: drawing calls become paths, texts and images.
 *
 * A real context keeps the state (colours, lines, font, transform), so that it behaves as on a canvas. Paths and clips
 * cannot be read from a context, so they are kept here. Calls that are not supported throw, so that no picture lacks a
 * part silently.
 */

import { FONTS, MONOSPACE } from "./fonts";
import { brief, SvgPath } from "./svgPath";

const KEPT = [
  "canvas",
  "fillStyle",
  "strokeStyle",
  "globalAlpha",
  "lineWidth",
  "lineCap",
  "lineJoin",
  "lineDashOffset",
  "font",
  "textAlign",
  "textBaseline",
  "imageSmoothingEnabled",
];
const DONE = [
  "translate",
  "scale",
  "rotate",
  "transform",
  "setLineDash",
  "getLineDash",
  "getTransform",
  "measureText",
];
const STEPS = [
  "moveTo",
  "lineTo",
  "bezierCurveTo",
  "quadraticCurveTo",
  "closePath",
  "rect",
  "roundRect",
  "arc",
];

const written = new WeakSet<object>();

/** Return true if a context writes SVG; its paths are then SvgPaths. */
export function writesSvg(context: CanvasRenderingContext2D): boolean {
  return written.has(context);
}

type Call = (...inputs: never[]) => unknown;

export class SvgWriter {
  readonly context: CanvasRenderingContext2D;
  private readonly real: CanvasRenderingContext2D;
  private readonly calls: ReadonlyMap<string, Call>;
  private path = new SvgPath();
  private clip: number | null = null;
  private readonly clips: (number | null)[] = [];
  private readonly clipPaths: string[] = [];
  private readonly parts: { clip: number | null; element: string }[] = [];

  constructor(
    private readonly width: number,
    private readonly height: number,
  ) {
    const real = document.createElement("canvas").getContext("2d");
    if (!real) throw new Error("this browser draws no canvas");
    this.real = real;
    this.calls = new Map<string, Call>([
      ...STEPS.map((name): [string, Call] => [name, (...places) => this.step(name, places)]),
      ...DONE.map((name): [string, Call] => [name, (...inputs) => this.pass(name, inputs)]),
      ...Object.entries(this.painting()),
    ]);
    this.context = this.proxy();
    written.add(this.context);
  }

  /** Return the whole picture as an SVG file. */
  markup(title: string): string {
    const { width, height } = this;
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${brief(width)}" height="${brief(height)}" viewBox="0 0 ${brief(width)} ${brief(height)}" role="img" font-family="${xml(FONTS)}" stroke-miterlimit="10">`,
      `<title>${xml(title)}</title>`,
      this.clipPaths.length > 0 ? `<defs>${this.clipPaths.join("")}</defs>` : "",
      ...this.grouped(),
      "</svg>\n",
    ].join("\n");
  }

  private proxy(): CanvasRenderingContext2D {
    return new Proxy(this.real, {
      get: (real, name) => {
        const call = this.calls.get(String(name));
        if (call) return call;
        return KEPT.includes(String(name)) ? Reflect.get(real, name, real) : refuse(name);
      },
      set: (real, name, value) =>
        KEPT.includes(String(name)) ? Reflect.set(real, name, value, real) : refuse(name),
    });
  }

  private pass(name: string, inputs: readonly unknown[]): unknown {
    return (this.real as unknown as Record<string, (...inputs: readonly unknown[]) => unknown>)[
      name
    ]?.(...inputs);
  }

  private step(name: string, places: readonly unknown[]): void {
    (this.path as unknown as Record<string, (...places: readonly unknown[]) => void>)[name]?.(
      ...places,
    );
  }

  private painting() {
    const { real } = this;
    return {
      save: () => {
        real.save();
        this.clips.push(this.clip);
      },
      restore: () => {
        real.restore();
        this.clip = this.clips.pop() ?? null;
      },
      beginPath: () => {
        this.path = new SvgPath();
      },
      clip: (path?: Path2D) => this.cut(this.read(path)),
      fill: (path?: Path2D) => this.paint(`<path d="${this.read(path)}"${this.filled()}`),
      stroke: (path?: Path2D) => this.paint(`<path d="${this.read(path)}"${this.stroked()}`),
      fillRect: (...box: [number, number, number, number]) =>
        this.paint(`<rect${placed(box)}${this.filled()}`),
      strokeRect: (...box: [number, number, number, number]) =>
        this.paint(`<rect${placed(box)}${this.stroked()}`),
      fillText: (text: string, x: number, y: number) => this.write(text, x, y),
      drawImage: (image: HTMLCanvasElement, ...boxes: number[]) => this.show(image, boxes),
    } satisfies Record<string, (...inputs: never[]) => void>;
  }

  private read(path: unknown): string {
    if (path === undefined) return this.path.d;
    return path instanceof SvgPath ? path.d : refuse("Path2D");
  }

  private cut(d: string): void {
    const within = this.clip === null ? "" : ` clip-path="url(#cut${this.clip})"`;
    const id = this.clipPaths.length;
    this.clipPaths.push(
      `<clipPath id="cut${id}"${within}><path d="${d}"${this.turned()}/></clipPath>`,
    );
    this.clip = id;
  }

  private paint(element: string, end = "/>"): void {
    const { globalAlpha } = this.real;
    const opacity = globalAlpha < 1 ? ` opacity="${brief(globalAlpha)}"` : "";
    this.parts.push({ clip: this.clip, element: `${element}${opacity}${this.turned()}${end}` });
  }

  private filled(): string {
    return paintOf("fill", this.real.fillStyle);
  }

  private stroked(): string {
    const { real } = this;
    const dash = real.getLineDash();
    return [
      ` fill="none"${paintOf("stroke", real.strokeStyle)} stroke-width="${brief(real.lineWidth)}"`,
      real.lineCap === "butt" ? "" : ` stroke-linecap="${real.lineCap}"`,
      real.lineJoin === "miter" ? "" : ` stroke-linejoin="${real.lineJoin}"`,
      dash.length === 0 ? "" : ` stroke-dasharray="${dash.map(brief).join(" ")}"`,
      real.lineDashOffset === 0 ? "" : ` stroke-dashoffset="${brief(real.lineDashOffset)}"`,
    ].join("");
  }

  private write(text: string, x: number, y: number): void {
    const { real } = this;
    const anchor = ANCHORS[real.textAlign] ?? "start";
    const place = ` x="${brief(x)}" y="${brief(y + baseline(real, text))}"`;
    const anchored = anchor === "start" ? "" : ` text-anchor="${anchor}"`;
    this.paint(
      `<text${place}${anchored}${fontOf(real.font)}${this.filled()}`,
      `>${xml(text)}</text>`,
    );
  }

  /** Draw an image, or a box of it, into a box. */
  private show(image: HTMLCanvasElement, boxes: readonly number[]): void {
    const isSupported = image instanceof HTMLCanvasElement && [4, 8].includes(boxes.length);
    if (!isSupported) refuse("such a drawImage");
    const part = boxes.length === 8 ? partOf(image, boxes.slice(0, 4) as Box) : image;
    const box = boxes.slice(-4) as Box;
    const look = this.real.imageSmoothingEnabled ? "" : ' image-rendering="pixelated"';
    this.paint(`<image${placed(box)}${look} preserveAspectRatio="none" href="${part.toDataURL()}"`);
  }

  private turned(): string {
    const { a, b, c, d, e, f, isIdentity } = this.real.getTransform();
    if (isIdentity) return "";
    if (a === 1 && b === 0 && c === 0 && d === 1)
      return ` transform="translate(${brief(e)} ${brief(f)})"`;
    const turn = [a, b, c, d].map((part) => String(Math.round(part * 1e6) / 1e6));
    return ` transform="matrix(${turn.join(" ")} ${brief(e)} ${brief(f)})"`;
  }

  /** Put consecutive elements with the same clip into one group. */
  private grouped(): string[] {
    const lines: string[] = [];
    let open: number | null = null;
    for (const { clip, element } of this.parts) {
      if (clip !== open) {
        if (open !== null) lines.push("</g>");
        if (clip !== null) lines.push(`<g clip-path="url(#cut${clip})">`);
        open = clip;
      }
      lines.push(element);
    }
    if (open !== null) lines.push("</g>");
    return lines;
  }
}

type Box = [number, number, number, number];

function partOf(image: HTMLCanvasElement, [x, y, width, height]: Box): HTMLCanvasElement {
  const part = document.createElement("canvas");
  Object.assign(part, { width, height });
  part.getContext("2d")?.drawImage(image, x, y, width, height, 0, 0, width, height);
  return part;
}

const ANCHORS: Partial<Record<CanvasTextAlign, string>> = {
  center: "middle",
  right: "end",
  end: "end",
};

/** Vertical offset of a text's baseline: not all readers support SVG's attribute for it. */
function baseline(context: CanvasRenderingContext2D, text: string): number {
  const { textBaseline } = context;
  const ascent = context.measureText(text).fontBoundingBoxAscent;
  context.textBaseline = "alphabetic";
  const alphabetic = context.measureText(text).fontBoundingBoxAscent;
  context.textBaseline = textBaseline;
  return alphabetic - ascent;
}

function fontOf(font: string): string {
  const [, before = "", size = "10", family = ""] = /^(.*?)([\d.]+)px\s*(.*)$/.exec(font) ?? [];
  const weight = /\b(bold|\d{3})\b/.exec(before)?.[1];
  return [
    ` font-size="${size}"`,
    weight ? ` font-weight="${weight}"` : "",
    before.includes("italic") ? ' font-style="italic"' : "",
    family.includes("mono") ? ` font-family="${xml(MONOSPACE)}"` : "",
  ].join("");
}

/** Return a colour that every reader of SVG supports: six digits, and the opacity. */
function paintOf(what: "fill" | "stroke", style: unknown): string {
  if (typeof style !== "string") return refuse("a gradient or pattern");
  const parts = /^rgba\((\d+), (\d+), (\d+), ([\d.]+)\)$/.exec(style);
  if (!parts) return ` ${what}="${style}"`;
  const [red, green, blue] = parts
    .slice(1, 4)
    .map((part) => Number(part).toString(16).padStart(2, "0"));
  return ` ${what}="#${red}${green}${blue}" ${what}-opacity="${Math.round(Number(parts[4]) * 1000) / 1000}"`;
}

function placed([x, y, width, height]: readonly [number, number, number, number]): string {
  return ` x="${brief(x)}" y="${brief(y)}" width="${brief(width)}" height="${brief(height)}"`;
}

function xml(text: string): string {
  return (
    text
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: XML takes none of these, even escaped
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
  );
}

function refuse(name: string | symbol): never {
  throw new Error(`${String(name)} is not carried to SVG: see drawing/svgContext.ts`);
}
