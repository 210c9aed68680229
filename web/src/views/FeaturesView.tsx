/** Features of a network for images: each unit's pattern, its strongest images, and the misclassified images. */

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { signColour } from "../drawing/colours";
import { fieldKey } from "../drawing/legend";
import type { Picture } from "../drawing/picture";
import type { Surface } from "../drawing/surface";
import {
  drawTiles,
  heightOfTiles,
  layOutTiles,
  signedEnds,
  type TilePicture,
  type TileRoom,
} from "../drawing/tiles";
import {
  chosenUnit,
  exciting,
  gradientRows,
  imageShape,
  images,
  layer,
  layers,
  MISTAKES,
  mistakes,
  mistakesSaid,
  ownScale,
  pixelEnds,
  subject,
  unit,
  watchFeatures,
} from "../state/features";
import { classes } from "../state/plane";
import { useChanges, useDrawing } from "./drawing";
import { FeaturesTable } from "./FeaturesTable";
import { percent, short, whole } from "./numbers";
import type { View } from "./TabbedPanel";

export const features: View = {
  name: "Features",
  Body: FeaturesView,
  isOffered: () => imageShape.value !== null,
  picture: featuresPicture,
};

const UNITS: TileRoom = { least: 36, most: 80, lines: 1 };
const ROWS: TileRoom = { least: 22, most: 40, lines: 1 };
/** Sizes of the units' images: the largest size at which all of them are visible is chosen. */
const SIZES = [80, 64, 56, 48, 42];
const MISTAKEN: TileRoom = { least: 44, most: 64, lines: 2 };

function FeaturesView() {
  useEffect(watchFeatures, []);
  return (
    <>
      <Choices />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element must be scrollable by keys */}
      <div class="tiles-room" role="group" aria-label="Images" tabIndex={0}>
        <Tiles />
      </div>
      <Said />
      {layer.value !== null && <Exciting />}
      <FeaturesTable />
    </>
  );
}

function Choices() {
  return (
    <div class="planes">
      <select
        aria-label="Whose features"
        value={String(layer.value ?? MISTAKES)}
        onChange={(event) => {
          const { value } = event.currentTarget;
          subject.value = value === MISTAKES ? MISTAKES : Number(value);
        }}
      >
        {layers.value.map(({ name }, index) => (
          <option key={name} value={String(index)}>
            {name.replace("_", " ")}
          </option>
        ))}
        {classes.value.length > 0 && <option value={MISTAKES}>test rows taken for others</option>}
      </select>
      {layer.value !== null && (
        <select
          aria-label="Scale of the colours"
          value={ownScale.value ? "own" : "one"}
          onChange={(event) => {
            ownScale.value = event.currentTarget.value === "own";
          }}
        >
          <option value="one">one scale for all</option>
          <option value="own">each its own scale</option>
        </select>
      )}
    </div>
  );
}

function picture(): TilePicture | null {
  const shape = imageShape.value;
  if (!shape) return null;
  return layer.value === null ? picturesOfMistakes(shape) : pictureOfUnits(shape, layer.value);
}

function pictureOfUnits(shape: readonly [number, number], layerIndex: number): TilePicture {
  return {
    shape,
    tiles: images.value.map((values, index) => ({ values, lines: [unitName(layerIndex, index)] })),
    look: "signed",
    ends: signedEnds(images.value, !ownScale.value),
    chosen: chosenUnit.value,
    room: roomOfUnits(shape),
  };
}

/** Space for the images, in CSS pixels. */
const space = signal<readonly [width: number, height: number]>([0, 0]);

function roomOfUnits(shape: readonly [number, number]): TileRoom {
  const [width, height] = space.value;
  const fits = SIZES.find((least) => {
    const room = { ...UNITS, least };
    const boxes = layOutTiles(images.value.length, width, shape, room);
    return boxes.length > 0 && heightOfTiles(boxes, room) <= height;
  });
  return { ...UNITS, least: fits ?? UNITS.least };
}

function picturesOfMistakes(shape: readonly [number, number]): TilePicture {
  return {
    shape,
    tiles: mistakes.value.map(({ values, taken, probability, target }) => ({
      values,
      lines: [`${className(taken)}, ${whole(100 * probability)} %`, `is ${className(target)}`],
    })),
    look: "ink",
    ends: mistakes.value.map(() => pixelEnds.value),
    chosen: null,
    room: MISTAKEN,
  };
}

/** Return a unit's name: its number, or its class in the output layer. */
export function unitName(layerIndex: number, index: number): string {
  const names = classes.value;
  if (layerIndex < layers.value.length - 1 || names.length === 0) return String(index + 1);
  return className(layers.value[layerIndex]?.fan_out === 1 ? 1 : index);
}

export function className(index: number): string {
  return classes.value[index] ?? short(index);
}

export function drawFeatures(surface: Surface): void {
  const now = picture();
  if (now) drawTiles(surface, now);
}

function featuresPicture(): Picture | null {
  const now = picture();
  if (!now || now.tiles.length === 0) return null;
  const [width, title] = [480, layer.value === null ? "Taken for others" : "Features"];
  const boxes = layOutTiles(now.tiles.length, width, now.shape, now.room);
  const legend =
    layer.value === null
      ? []
      : [
          fieldKey("adds", (theme) => signColour(1, theme)),
          fieldKey("takes away", (theme) => signColour(-1, theme)),
        ];
  return { title, width, height: heightOfTiles(boxes, now.room), draw: drawFeatures, legend };
}

function Tiles() {
  const place = useRef<HTMLDivElement>(null);
  const [width] = useSpace(place);
  const canvas = useDrawing(drawFeatures);
  const now = picture();
  const boxes = now ? layOutTiles(now.tiles.length, width, now.shape, now.room) : [];
  return (
    <div
      class="tiles"
      ref={place}
      style={{ blockSize: `${now ? heightOfTiles(boxes, now.room) : 0}px` }}
    >
      <canvas ref={canvas} aria-hidden="true" />
      {layer.value !== null &&
        boxes.map(({ left, top, width, height }, index) => (
          <button
            key={index}
            type="button"
            class="tile"
            aria-label={`Unit ${unitName(layer.value ?? 0, index)}`}
            aria-pressed={index === chosenUnit.value}
            style={{
              left: `${left}px`,
              top: `${top}px`,
              inlineSize: `${width}px`,
              blockSize: `${height}px`,
            }}
            onClick={() => {
              unit.value = index;
            }}
          />
        ))}
    </div>
  );
}

function useSpace(place: { current: HTMLElement | null }): readonly [number, number] {
  const changes = useChanges(place);
  useEffect(() => {
    const { clientWidth = 0, parentElement } = place.current ?? {};
    space.value = [clientWidth, parentElement?.clientHeight ?? 0];
  }, [changes.value]);
  return space.value;
}

/** Description of the images. */
function Said() {
  const layerIndex = layer.value;
  if (layerIndex === null) return <p class="answer">{mistakesInWords()}</p>;
  const what =
    layerIndex === 0
      ? "Weights by pixel"
      : `Mean gradient of ${symbolOf(layerIndex)} by pixel, over ${whole(gradientRows.value)} rows`;
  return <p class="answer">{what}: blue adds, orange takes away.</p>;
}

/** Name of a unit's value: z for the output, before the inverse link, else a. */
function symbolOf(layerIndex: number): string {
  return layerIndex === layers.value.length - 1 ? "z" : "a";
}

function mistakesInWords(): string {
  const said = mistakesSaid.value;
  if (!said) return "";
  const { n_wrong, n_test } = said;
  if (n_wrong === 0) return `All ${whole(n_test)} test rows are right.`;
  const shown = mistakes.value.length < n_wrong ? `; the ${mistakes.value.length} surest` : "";
  return `${whole(n_wrong)} of ${whole(n_test)} test rows are taken for another class (${percent(n_wrong / n_test)})${shown}.`;
}

export function drawExciting(surface: Surface): void {
  const shape = imageShape.value;
  if (!shape) return;
  drawTiles(surface, {
    shape,
    tiles: exciting.value.map(({ values, target }) => ({ values, lines: [className(target)] })),
    look: "ink",
    ends: exciting.value.map(() => pixelEnds.value),
    chosen: null,
    room: ROWS,
  });
}

function Exciting() {
  const [width] = space.value;
  const canvas = useDrawing(drawExciting);
  const shape = imageShape.value ?? [1, 1];
  const boxes = layOutTiles(exciting.value.length || 12, width, shape, ROWS);
  return (
    <>
      <p class="answer" aria-live="polite">
        {excitingInWords()}
      </p>
      <div class="tiles" style={{ blockSize: `${heightOfTiles(boxes, ROWS)}px` }}>
        <canvas ref={canvas} aria-hidden="true" />
      </div>
    </>
  );
}

function excitingInWords(): string {
  const rows = exciting.value;
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last || layer.value === null) return "";
  const [name, symbol] = [unitName(layer.value, chosenUnit.value), symbolOf(layer.value)];
  if (first.a === last.a)
    return `To unit ${name} all rows are alike: ${symbol} is ${short(first.a)}`;
  return `Rows that excite unit ${name} most: ${symbol} from ${short(first.a)} to ${short(last.a)}`;
}
