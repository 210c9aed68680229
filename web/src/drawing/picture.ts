/** A view as a self-contained picture: title, drawing, legend and source. */

import { css, type Theme } from "./colours";
import { font } from "./fonts";
import type { Key } from "./legend";
import type { Surface } from "./surface";

export interface Picture {
  /** Short description. */
  readonly title: string;
  /** Size of the drawing, in CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** Draw the view onto a surface of that size, with the names of its axes. */
  readonly draw: (surface: Surface) => void;
  readonly legend?: readonly Key[];
}

/** A picture with its texts. */
export interface Sheet {
  readonly picture: Picture;
  readonly title: string;
  readonly caption: string;
}

const EDGE = 20;
const TITLE = 34;
const ROW = 22;
const CAPTION = 20;
const AFTER_KEY = 6;
const BETWEEN_KEYS = 18;
const [TITLE_FONT, KEY_FONT, CAPTION_FONT] = [font(17, 600), font(12), font(11)];

interface PlacedKey {
  readonly key: Key;
  readonly left: number;
  readonly row: number;
}

export interface SheetLayout {
  readonly width: number;
  readonly height: number;
  readonly keys: readonly PlacedKey[];
}

export function layOutSheet({ picture }: Sheet, measure: CanvasRenderingContext2D): SheetLayout {
  measure.font = KEY_FONT;
  const keys: PlacedKey[] = [];
  let [left, row] = [0, 0];
  for (const key of picture.legend ?? []) {
    const width = keyRoom(key) + measure.measureText(key.name).width;
    if (left > 0 && left + width > picture.width) [left, row] = [0, row + 1];
    keys.push({ key, left, row });
    left += width + BETWEEN_KEYS;
  }
  const rows = keys.length === 0 ? 0 : row + 1;
  const height = EDGE + TITLE + picture.height + rows * ROW + CAPTION + EDGE;
  return { width: picture.width + 2 * EDGE, height, keys };
}

export function drawSheet(
  context: CanvasRenderingContext2D,
  { picture, title, caption }: Sheet,
  layout: SheetLayout,
  theme: Theme,
): void {
  const { width, height } = picture;
  context.fillStyle = css(theme.paper);
  context.fillRect(0, 0, layout.width, layout.height);
  const write = (
    text: string,
    look: string,
    colour: string,
    x: number,
    y: number,
    room: number,
  ) => {
    context.font = look;
    context.fillStyle = colour;
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.fillText(fitted(context, text, room), x, y);
  };
  write(title, TITLE_FONT, css(theme.ink), EDGE, EDGE + TITLE / 2 - 6, width);
  context.save();
  context.translate(EDGE, EDGE + TITLE);
  picture.draw({ context, width, height, theme });
  context.restore();
  for (const { key, left, row } of layout.keys) {
    const middle = EDGE + TITLE + height + row * ROW + ROW / 2 + 2;
    context.save();
    key.draw({ context, width, height, theme }, EDGE + left, middle);
    context.restore();
    const start = left + keyRoom(key);
    write(key.name, KEY_FONT, css(theme.ink), EDGE + start, middle, width - start);
  }
  const foot = layout.height - EDGE - CAPTION / 2 + 6;
  write(caption, CAPTION_FONT, css(theme.muted), EDGE, foot, width);
}

function keyRoom({ width }: Key): number {
  return width === 0 ? 0 : width + AFTER_KEY;
}

/** Return the text, or the beginning of it that fits. */
export function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (context.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return `${text.slice(0, low)}…`;
}
