/** Small images side by side: weights by sign and size, samples as ink on the background. */

import type { Numbers } from "../wire/frames";
import { css, type Theme } from "./colours";
import { font } from "./fonts";
import { imageOf } from "./pixels";
import { colourAt, inkRamp, signRamp } from "./ramps";
import type { Surface } from "./surface";

export interface Tile {
  /** Row by row from the top. */
  readonly values: Numbers;
  /** Short text below the image. */
  readonly lines: readonly string[];
}

export interface TilePicture {
  /** Rows and columns of an image. */
  readonly shape: readonly [number, number];
  readonly tiles: readonly Tile[];
  /** Orange to blue around zero, or background to ink. */
  readonly look: "signed" | "ink";
  /** Ends of each tile's colours; the second is the number, or magnitude, with the strongest colour. */
  readonly ends: readonly (readonly [number, number])[];
  readonly chosen: number | null;
  readonly room: TileRoom;
}

export interface TileRoom {
  /** Minimum and maximum width of an image. */
  readonly least: number;
  readonly most: number;
  /** Number of text lines below each image. */
  readonly lines: number;
}

export interface TileBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const GAP = 6;
const LINE = 13;
const EDGE = 2;

/** Place the images row by row in a width, as large as possible. */
export function layOutTiles(
  count: number,
  width: number,
  [lines, columns]: readonly [number, number],
  room: TileRoom,
): TileBox[] {
  const inner = Math.max(room.least, width - 2 * EDGE);
  const perRow = Math.max(1, Math.min(count, Math.floor((inner + GAP) / (room.least + GAP))));
  const wide = Math.min(room.most, (inner + GAP) / perRow - GAP);
  const high = (wide * lines) / columns;
  const pitch = high + room.lines * LINE + GAP;
  return Array.from({ length: count }, (_, index) => ({
    left: EDGE + (index % perRow) * (wide + GAP),
    top: EDGE + Math.floor(index / perRow) * pitch,
    width: wide,
    height: high,
  }));
}

export function heightOfTiles(boxes: readonly TileBox[], room: TileRoom): number {
  const last = boxes.at(-1);
  return last ? last.top + last.height + room.lines * LINE + EDGE : 0;
}

export function drawTiles(surface: Surface, picture: TilePicture): void {
  const { context, theme, width } = surface;
  const boxes = layOutTiles(picture.tiles.length, width, picture.shape, picture.room);
  context.save();
  context.imageSmoothingEnabled = false;
  picture.tiles.forEach((tile, index) => {
    const box = boxes[index] as TileBox;
    paintTile(context, theme, picture, tile, index, box);
    frameTile(context, theme, box, index === picture.chosen);
    writeLines(context, theme, tile, box, index === picture.chosen);
  });
  context.restore();
}

function paintTile(
  context: CanvasRenderingContext2D,
  theme: Theme,
  picture: TilePicture,
  tile: Tile,
  index: number,
  box: TileBox,
): void {
  const [lines, columns] = picture.shape;
  const ends = picture.ends[index] ?? [0, 1];
  const pixels = tilePixels(tile.values, picture.look, ends, theme);
  context.drawImage(imageOf(pixels, columns, lines), box.left, box.top, box.width, box.height);
}

/** Pixels of one image. */
export function tilePixels(
  values: ArrayLike<number>,
  look: TilePicture["look"],
  [low, high]: readonly [number, number],
  theme: Theme,
): Uint8ClampedArray<ArrayBuffer> {
  const ramp = look === "signed" ? signRamp(theme) : inkRamp(theme);
  const span = high - low || 1;
  const pixels = Uint32Array.from(values, (value) => colourAt(ramp, (value - low) / span));
  return new Uint8ClampedArray(pixels.buffer);
}

/** Return the ends of signed scales: the largest magnitude of all images, or of each image. */
export function signedEnds(
  images: readonly ArrayLike<number>[],
  isCommon: boolean,
): [number, number][] {
  const sizes = images.map(largest);
  const all = Math.max(1e-12, ...sizes);
  return sizes.map((size) => {
    const end = isCommon ? all : Math.max(1e-12, size);
    return [-end, end];
  });
}

function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let place = 0; place < values.length; place++) {
    most = Math.max(most, Math.abs(values[place] as number));
  }
  return most;
}

function frameTile(
  context: CanvasRenderingContext2D,
  theme: Theme,
  { left, top, width, height }: TileBox,
  isChosen: boolean,
): void {
  context.lineWidth = isChosen ? 2.5 : 1;
  context.strokeStyle = css(isChosen ? theme.ink : theme.line);
  context.strokeRect(left - 0.5, top - 0.5, width + 1, height + 1);
}

function writeLines(
  context: CanvasRenderingContext2D,
  theme: Theme,
  tile: Tile,
  box: TileBox,
  isChosen: boolean,
): void {
  context.textAlign = "center";
  context.textBaseline = "top";
  tile.lines.forEach((line, row) => {
    context.font = font(10.5, isChosen || row === 1 ? 600 : 400);
    context.fillStyle = css(isChosen ? theme.ink : theme.muted);
    context.fillText(
      shortened(context, line, box.width + GAP),
      box.left + box.width / 2,
      box.top + box.height + 2 + row * LINE,
    );
  });
}

/** Return the beginning of a text that fits. */
function shortened(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let end = text.length - 1;
  while (end > 1 && context.measureText(`${text.slice(0, end)}…`).width > width) end--;
  return `${text.slice(0, end)}…`;
}
