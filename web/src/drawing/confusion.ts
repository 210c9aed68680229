/** Picture of the confusion matrix: one row for each true class, one column for each predicted class. */

import { css, mix, NEGATIVE, POSITIVE, POSITIVE_ON_DARK, type Theme } from "./colours";
import { font } from "./fonts";
import { fitted } from "./picture";
import type { Surface } from "./surface";

export interface ConfusionPicture {
  readonly size: number;
  /** Row-major. */
  readonly counts: ArrayLike<number>;
  /** Sum of each row. */
  readonly totals: ArrayLike<number>;
  readonly names: readonly string[];
  /** Text of a cell. */
  readonly say: (count: number, total: number) => string;
}

const ROOM = { left: 118, top: 58 };
/** Minimum side of a cell with a number in it, and of one with a name next to it. */
const LEAST_SIDE = 13;
const BESIDE = 6;

export function drawConfusion(surface: Surface, picture: ConfusionPicture): void {
  const { context, width, height } = surface;
  const side = Math.min(width - ROOM.left, height - ROOM.top) / picture.size;
  for (let row = 0; row < picture.size; row++) {
    for (let column = 0; column < picture.size; column++) {
      drawCell(surface, picture, row, column, side);
    }
  }
  drawNames(surface, picture, side);
  context.fillStyle = css(surface.theme.muted);
  context.font = font(11);
  context.textAlign = "center";
  context.textBaseline = "top";
  context.fillText("taken for", ROOM.left + (side * picture.size) / 2, 0);
  context.translate(0, ROOM.top + (side * picture.size) / 2);
  context.rotate(-Math.PI / 2);
  context.fillText("true class", 0, 0);
  context.rotate(Math.PI / 2);
  context.translate(0, -ROOM.top - (side * picture.size) / 2);
}

function drawCell(
  { context, theme }: Surface,
  picture: ConfusionPicture,
  row: number,
  column: number,
  side: number,
): void {
  const count = picture.counts[row * picture.size + column] ?? 0;
  const total = picture.totals[row] ?? 0;
  const [left, top] = [ROOM.left + column * side, ROOM.top + row * side];
  const gap = Math.min(2, side / 10);
  context.fillStyle = css(shade(theme, row === column, count / (total || 1)));
  context.fillRect(left, top, side - gap, side - gap);
  if (side < LEAST_SIDE || count === 0) return;
  context.fillStyle = css(theme.ink);
  context.font = font(Math.min(15, Math.max(9, side / 3)), row === column ? 600 : 400);
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(picture.say(count, total), left + (side - gap) / 2, top + (side - gap) / 2);
}

/** Return a pale colour, so that the text on the cell is legible. */
function shade(theme: Theme, isRight: boolean, fraction: number) {
  const right = theme.dark ? POSITIVE_ON_DARK : POSITIVE;
  const ground = mix(theme.paper, theme.line, 0.35);
  return mix(ground, isRight ? right : NEGATIVE, 0.5 * Math.sqrt(Math.min(1, fraction)));
}

function drawNames({ context, theme }: Surface, picture: ConfusionPicture, side: number): void {
  if (side < LEAST_SIDE) return;
  context.font = font(Math.min(12, Math.max(9, side / 2)));
  context.fillStyle = css(theme.ink);
  context.textBaseline = "middle";
  picture.names.forEach((name, index) => {
    const middle = (index + 0.5) * side;
    context.textAlign = "right";
    const room = ROOM.left - 20 - BESIDE;
    context.fillText(fitted(context, name, room), ROOM.left - BESIDE, ROOM.top + middle);
    context.textAlign = "center";
    context.fillText(fitted(context, name, side - 2), ROOM.left + middle, ROOM.top - 14);
  });
}
