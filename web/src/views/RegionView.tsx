/** The plane: predictions at every position, and the data. */

import { useSignal } from "@preact/signals";
import { traceBoundaries } from "../drawing/boundary";
import { classColour, css, sequential, type Theme } from "../drawing/colours";
import { classKey, type Key, rowKey, scaleKeys } from "../drawing/legend";
import { markPath, shapeName } from "../drawing/marks";
import type { Picture } from "../drawing/picture";
import { drawAxes, drawPoints, type PlaneFrame, planeFrame } from "../drawing/plane";
import { classPixels, type Grid, valuePixels } from "../drawing/region";
import type { Surface } from "../drawing/surface";
import { board, erases, missing } from "../state/board";
import {
  answerAt,
  classes,
  extent,
  isClassification,
  region as regionGrid,
  targetRange,
  testPoints,
  trainPoints,
} from "../state/plane";
import { showsTest } from "../state/preferences";
import { data, state } from "../state/session";
import { chooseRow, isFollowed, shownRow } from "../state/step";
import { useDrawing } from "./drawing";
import { TickField } from "./fields";
import { useHand } from "./hand";
import { fixed, inNaturalOrder, percent, short } from "./numbers";
import { Palette } from "./Palette";
import { PlaneChoice } from "./PlaneChoice";
import { ARROWS, Crosshair, type Place, placeAt } from "./placeInPlane";
import { RegionTable } from "./RegionTable";
import type { View } from "./TabbedPanel";
import { useWatched } from "./watching";

export const region: View = {
  name: "Plane",
  title,
  Body: RegionView,
  Tools: RegionTools,
  picture: regionPicture,
};

function title(): string {
  return isClassification.value ? "Decision" : "Prediction";
}

const CELLS = { region: 80 };
const READING = "The plane: arrow keys move a place to be read out";
const DRAWING =
  "The drawing board: arrow keys move, Enter puts a point, a digit one of its class, Delete takes points away";

function RegionView() {
  useWatched(CELLS);
  const below = useDrawing(drawRegion);
  const above = useDrawing(drawData);
  const place = useSignal<Place | null>(null);
  const hand = useHand(place, isFollowed);
  const plane = extent.value;
  return (
    <>
      <PlaneChoice />
      <div
        class={board.value ? "plane board" : "plane"}
        role="application"
        aria-label={board.value ? DRAWING : READING}
        data-run={data.value?.header.run}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move a place within it
        tabIndex={0}
        onPointerDown={hand.down}
        onPointerMove={(event) => {
          place.value = plane && placeAt(event, plane);
          hand.move(event);
        }}
        onPointerUp={hand.up}
        onPointerCancel={hand.up}
        onContextMenu={(event) => board.value && event.preventDefault()}
        onPointerLeave={() => {
          place.value = null;
        }}
        onClick={() => {
          if (isFollowed.value && place.value && plane) chooseNearest(place.value, plane);
        }}
        onKeyDown={(event) => {
          if (hand.key(event)) {
            event.preventDefault();
            return;
          }
          if (event.key === "Enter") event.currentTarget.click();
          const next = plane && moved(event, place.value, plane);
          if (!next) return;
          event.preventDefault();
          place.value = next;
        }}
      >
        <canvas ref={below} aria-hidden="true" />
        <canvas ref={above} aria-hidden="true" />
        {place.value && plane && <Mark place={place.value} plane={plane} />}
        {plane && <RowMark plane={plane} />}
      </div>
      <p class="answer" aria-live="polite">
        <Answer place={place.value} />
      </p>
      {board.value ? <Palette /> : <Legend />}
      <RegionTable />
    </>
  );
}

function RegionTools() {
  if (board.value) return <span class="muted">Rings are held out to test on</span>;
  return (
    <TickField
      label="Test rows"
      help="Rings are rows that the network does not learn from"
      value={showsTest.value}
      onSet={(shown) => {
        showsTest.value = shown;
      }}
    />
  );
}

type Plane = NonNullable<typeof extent.value>;

function drawRegion(surface: Surface): void {
  const [plane, grid] = [extent.value, regionGrid.value];
  if (!plane) return;
  const frame = planeFrame(surface.width, surface.height, plane);
  if (grid) {
    if (plane.kind === "line") drawLine(surface, frame, grid);
    else paintGrid(surface, frame, grid);
  }
  drawAxes(surface, frame, plane, { x: plane.x_name, y: plane.y_name });
}

const image = document.createElement("canvas");

function paintGrid({ context, theme }: Surface, frame: PlaneFrame, grid: Grid): void {
  image.width = grid.columns;
  image.height = grid.rows;
  const bytes = isClassification.value
    ? classPixels(grid, theme)
    : valuePixels(grid, targetRange.value);
  image.getContext("2d")?.putImageData(new ImageData(bytes, grid.columns, grid.rows), 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(image, frame.left, frame.top, frame.width, frame.height);
  if (isClassification.value) strokeBoundaries(context, theme, frame, grid);
}

function strokeBoundaries(
  context: CanvasRenderingContext2D,
  theme: Theme,
  frame: PlaneFrame,
  grid: Grid,
): void {
  context.save();
  context.beginPath();
  context.rect(frame.left + 1, frame.top + 1, frame.width - 2, frame.height - 2);
  context.clip();
  context.lineJoin = "round";
  context.lineWidth = 1.5;
  context.strokeStyle = css(theme.ink, 0.75);
  context.beginPath();
  traceBoundaries(context, grid, frame);
  context.stroke();
  context.restore();
}

/** Draw the predictions for data with one input, as a line above it. */
function drawLine({ context, theme }: Surface, frame: PlaneFrame, grid: Grid): void {
  context.save();
  context.beginPath();
  context.rect(frame.left, frame.top, frame.width, frame.height);
  context.clip();
  context.beginPath();
  for (let column = 0; column < grid.columns; column++) {
    const x = frame.left + ((column + 0.5) / grid.columns) * frame.width;
    context.lineTo(x, frame.y(grid.values[column * grid.depth] as number));
  }
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.strokeStyle = css(theme.ink);
  context.stroke();
  context.restore();
}

function drawData(surface: Surface): void {
  const plane = extent.value;
  if (!plane) return;
  const frame = planeFrame(surface.width, surface.height, plane);
  const parts = [
    { points: trainPoints.value, test: false },
    { points: showsTest.value || board.value ? testPoints.value : null, test: true },
  ];
  for (const { points, test } of parts) {
    if (!points) continue;
    const radius = points.targets.length > 600 ? 2.6 : 3.6;
    const [low, high] = targetRange.value;
    const fractions = isClassification.value
      ? points
      : {
          ...points,
          targets: Array.from(points.targets, (target) => (target - low) / (high - low || 1)),
        };
    drawPoints(surface, frame, fractions, { classes: isClassification.value, test, radius });
  }
}

function regionPicture(): Picture | null {
  const plane = extent.value;
  if (!plane) return null;
  const draw = (surface: Surface) => {
    drawRegion(surface);
    drawData(surface);
  };
  return { title: title(), width: 480, height: 480, draw, legend: [...targetKeys(), ...rowKeys()] };
}

function targetKeys(): Key[] {
  if (isClassification.value) {
    const names = classes.value;
    return inNaturalOrder(names).map((index) => classKey(index, names[index] ?? ""));
  }
  const [low, high] = targetRange.value;
  return scaleKeys(`${state.value?.data.target ?? ""} ${short(low)}`, short(high));
}

function rowKeys(): Key[] {
  if (!showsTest.value) return [];
  return [rowKey("rows to learn from", false), rowKey("test rows", true)];
}

function moved(event: KeyboardEvent, from: Place | null, plane: Plane): Place | null {
  const way = ARROWS[event.key];
  const steps = event.shiftKey ? 100 : 20;
  if (!way) return null;
  const step = (axis: "x" | "y", at: number | undefined, direction: number) => {
    const [low, high] = plane[axis];
    const start = at ?? (low + high) / 2;
    return Math.min(high, Math.max(low, start + (direction * (high - low)) / steps));
  };
  return [step("x", from?.[0], way[0]), step("y", from?.[1], way[1])];
}

function Mark({ place, plane }: { place: Place; plane: Plane }) {
  const look = board.value && erases.value ? "crosshair eraser" : "crosshair";
  return <Crosshair place={place} extent={plane} look={look} />;
}

/** The sample whose step is shown: the nearest to a click. */
function chooseNearest([x, y]: [number, number], plane: Plane): void {
  const places = trainPoints.value?.places ?? [];
  const far = (at: number) =>
    Math.hypot(
      ((places[2 * at] as number) - x) / (plane.x[1] - plane.x[0]),
      ((places[2 * at + 1] as number) - y) / (plane.y[1] - plane.y[0]),
    );
  let nearest = 0;
  for (let at = 1; 2 * at < places.length; at++) if (far(at) < far(nearest)) nearest = at;
  if (places.length > 0) chooseRow(nearest);
}

function RowMark({ plane }: { plane: Plane }) {
  const row = isFollowed.value ? shownRow.value : null;
  const places = trainPoints.value?.places ?? [];
  if (row === null || 2 * row >= places.length) return null;
  return <Mark place={[places[2 * row] ?? 0, places[2 * row + 1] ?? 0]} plane={plane} />;
}

function Answer({ place }: { place: [number, number] | null }) {
  const plane = extent.value;
  if (missing.value) return <>{missing.value}</>;
  const answer = place && answerAt(...place);
  if (!place || !plane || !answer) return <>Point at the plane to read it.</>;
  const where = `${plane.x_name} ${fixed(place[0], 2)}, ${plane.y_name} ${fixed(place[1], 2)}`;
  if (!isClassification.value) {
    const target = plane.kind === "line" ? plane.x_name : where;
    return (
      <>
        {plane.kind === "line" ? `${target} ${fixed(place[0], 2)}` : where}: {short(answer[0])}
      </>
    );
  }
  const winner = answer.indexOf(Math.max(...answer));
  return (
    <>
      {where}: <strong>{classes.value[winner] ?? winner}</strong>, {percent(answer[winner])}
    </>
  );
}

/** More classes than these are collapsed, because the plane needs the space. */
const MOST_KEYS = 12;

function Legend() {
  const isWhole = useSignal(false);
  if (!isClassification.value) return <ValueLegend />;
  const names = classes.value;
  const shown = isWhole.value ? names.length : MOST_KEYS;
  return (
    <div class="keys">
      <ul class="legend" aria-label="Classes">
        {inNaturalOrder(names)
          .slice(0, shown)
          .map((index) => (
            <ClassKey key={index} name={names[index] ?? ""} index={index} />
          ))}
      </ul>
      {names.length > MOST_KEYS && (
        <button
          type="button"
          class="button quiet"
          aria-expanded={isWhole.value}
          onClick={() => {
            isWhole.value = !isWhole.value;
          }}
        >
          {isWhole.value ? `the first ${MOST_KEYS} only` : `all ${names.length} classes`}
        </button>
      )}
    </div>
  );
}

function ClassKey({ name, index }: { name: string; index: number }) {
  return (
    <li>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={markPath(index)} fill={css(classColour(index))} class="mark" />
      </svg>
      {name}
      <span class="only-heard">, drawn as a {shapeName(index)}</span>
    </li>
  );
}

function ValueLegend() {
  const [low, high] = targetRange.value;
  const stops = Array.from({ length: 7 }, (_, stop) => stop / 6);
  return (
    <div class="legend">
      {short(low)}
      <svg class="scale" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <defs>
          <linearGradient id="values">
            {stops.map((stop) => (
              <stop key={stop} offset={stop} stop-color={css(sequential(stop))} />
            ))}
          </linearGradient>
        </defs>
        <rect width="100" height="8" fill="url(#values)" />
      </svg>
      {short(high)}
      <span class="only-heard">: dark is low, light is high</span>
    </div>
  );
}
