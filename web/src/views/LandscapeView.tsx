/** The landscape of the loss: a slice through the parameters with the path of the run. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { css, sequential } from "../drawing/colours";
import {
  drawContours,
  drawHeights,
  drawPresent,
  drawWay,
  type Heights,
  lossScale,
} from "../drawing/landscape";
import { scaleKeys } from "../drawing/legend";
import type { Picture } from "../drawing/picture";
import { drawAxes, type Extent, planeFrame } from "../drawing/plane";
import type { Surface } from "../drawing/surface";
import {
  cancel,
  compute,
  type Landscape,
  landscape,
  lossAt,
  present,
  progress,
  trouble,
} from "../state/landscape";
import { epoch } from "../state/session";
import { useDrawing } from "./drawing";
import { LandscapeChoices } from "./LandscapeChoices";
import { LandscapeTable } from "./LandscapeTable";
import { percent, short, whole } from "./numbers";
import { ARROWS, Crosshair, type Place, placeAt } from "./placeInPlane";
import type { View } from "./TabbedPanel";

export const lossLandscape: View = {
  name: "Landscape",
  picture: landscapePicture,
  Body: LandscapeView,
};

function LandscapeView() {
  useEffect(() => cancel, []);
  const here = landscape.value;
  return (
    <div class="landscape">
      <LandscapeChoices />
      {here ? <Slice here={here} /> : <NothingYet />}
      {here && <About here={here} />}
      {here && <LandscapeTable here={here} />}
    </div>
  );
}

function ComputeButton() {
  const isUnderWay = progress.value !== null;
  return (
    <button type="button" class="button" onClick={isUnderWay ? cancel : () => void compute()}>
      {isUnderWay ? "Stop" : landscape.value ? "Compute again" : "Compute"}
    </button>
  );
}

function NothingYet() {
  return (
    <div class="plane nothing-yet">
      <ComputeButton />
      {trouble.value ? (
        <p role="alert">{trouble.value}</p>
      ) : (
        <p>
          The loss over a plane through all parameters: what lies around the network that is shown,
          and the way by which it came.
        </p>
      )}
    </div>
  );
}

function extentOf({ first, second }: Landscape): Extent {
  return {
    x: [first[0] as number, first[first.length - 1] as number],
    y: [second[0] as number, second[second.length - 1] as number],
  };
}

function heightsOf({ first, second, losses }: Landscape): Heights {
  return { columns: first.length, rows: second.length, losses };
}

function drawSlice(surface: Surface): void {
  const here = landscape.value;
  if (!here) return;
  const frame = planeFrame(surface.width, surface.height, extentOf(here));
  const [heights, scale] = [heightsOf(here), lossScale(here.losses)];
  if (scale) {
    drawHeights(surface, frame, heights, scale);
    drawContours(surface, frame, heights, scale);
  }
  drawAxes(surface, frame, extentOf(here), axisNames(here));
  if (here.path && here.header.directions === "path") {
    drawWay(surface, frame, here.path);
  }
}

function drawNetwork(surface: Surface): void {
  const [here, place] = [landscape.value, present.value];
  if (!here || !place) return;
  drawPresent(surface, planeFrame(surface.width, surface.height, extentOf(here)), place);
}

function landscapePicture(): Picture | null {
  const scale = landscape.value && lossScale(landscape.value.losses);
  if (!scale) return null;
  const draw = (surface: Surface) => {
    drawSlice(surface);
    drawNetwork(surface);
  };
  const [low, high] = [`loss ${short(scale.low)}`, short(scale.high)];
  return { title: "Landscape", width: 480, height: 480, draw, legend: scaleKeys(low, high) };
}

function axisNames({ header }: Landscape): { x: string; y: string } {
  const { fractions, directions } = header;
  if (directions !== "path" || !fractions) {
    return { x: "first random direction", y: "second random direction" };
  }
  const name = (which: string, fraction: number) =>
    `${which} direction, ${Math.round(100 * fraction)} % of the path`;
  return { x: name("first", fractions[0]), y: name("second", fractions[1]) };
}

function Slice({ here }: { here: Landscape }) {
  const below = useDrawing(drawSlice);
  const above = useDrawing(drawNetwork);
  const place = useSignal<[number, number] | null>(null);
  const extent = extentOf(here);
  return (
    <>
      <div
        class="plane"
        role="application"
        aria-label="The landscape: arrow keys move a place to be read out"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move a place within it
        tabIndex={0}
        onPointerMove={(event) => {
          place.value = placeAt(event, extent);
        }}
        onPointerLeave={() => {
          place.value = null;
        }}
        onKeyDown={(event) => {
          const next = moved(event.key, place.value, here);
          if (!next) return;
          event.preventDefault();
          place.value = next;
        }}
      >
        <canvas ref={below} aria-hidden="true" />
        <canvas ref={above} aria-hidden="true" />
        {place.value && <Crosshair place={nearest(here, place.value)} extent={extent} />}
      </div>
      <p class="answer" aria-live="polite">
        <Answer here={here} place={place.value} />
      </p>
    </>
  );
}

/** Return the grid point next to another, in the direction of an arrow key. */
function moved(
  key: string,
  from: [number, number] | null,
  here: Landscape,
): [number, number] | null {
  const way = ARROWS[key];
  if (!way) return null;
  const { x, y } = extentOf(here);
  const step = ([low, high]: readonly [number, number], count: number, at: number, by: number) =>
    Math.min(high, Math.max(low, at + (by * (high - low)) / (count - 1)));
  const [right, up] = from ?? [0, 0];
  return [step(x, here.first.length, right, way[0]), step(y, here.second.length, up, way[1])];
}

/** The grid point whose values are shown. */
function nearest(here: Landscape, place: Place): Place {
  const { first, second } = lossAt(here, ...place);
  return [first, second];
}

function Answer({ here, place }: { here: Landscape; place: [number, number] | null }) {
  if (!place) return <Scale here={here} />;
  const near = lossAt(here, ...place);
  return (
    <>
      at {short(near.first)}, {short(near.second)}: loss <strong>{short(near.loss, 5)}</strong>
    </>
  );
}

function Scale({ here }: { here: Landscape }) {
  const scale = lossScale(here.losses);
  if (!scale) return null;
  const stops = Array.from({ length: 7 }, (_, stop) => stop / 6);
  return (
    <>
      loss {short(scale.low)}
      <svg class="loss-scale" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <defs>
          <linearGradient id="losses">
            {stops.map((stop) => (
              <stop key={stop} offset={stop} stop-color={css(sequential(stop))} />
            ))}
          </linearGradient>
        </defs>
        <rect width="100" height="8" fill="url(#losses)" />
      </svg>
      {short(scale.high)}
      {scale.isLogarithmic && ", by its logarithm"}
    </>
  );
}

/** Description of the slice, its epoch, and its limits. */
function About({ here }: { here: Landscape }) {
  const { header } = here;
  const isOld = epoch.value !== header.epoch;
  return (
    <div class="landscape-about">
      {progress.value !== null && (
        <progress aria-label="How much is computed" value={progress.value} max={1} />
      )}
      <ComputeButton />
      <p>
        {rowsOf(here)} around epoch {whole(header.epoch)}
        {isOld ? `. The star is now at epoch ${whole(epoch.value)}` : ", the star"}.{" "}
        {fractionOf(here)}
      </p>
    </div>
  );
}

function rowsOf({ header }: Landscape): string {
  const which = header.part === "train" ? "rows to learn from" : "test rows";
  const rows =
    header.n_samples < header.n_samples_in_all
      ? `the first ${whole(header.n_samples)} of ${whole(header.n_samples_in_all)} ${which}`
      : `all ${whole(header.n_samples)} ${which}`;
  return `Loss of ${rows}${header.part === "train" ? ", penalty included," : ""}`;
}

function fractionOf({ header, path }: Landscape): string {
  if (!path || header.fraction === null) return "Too little has been learned for a path.";
  const fraction = percent(header.fraction);
  return header.directions === "path"
    ? `This plane holds ${fraction} of the path; the rest lies beside it.`
    : `The path is not drawn: this plane holds ${fraction} of it.`;
}
