/** Kept runs compared with the present one: their curves, and the settings that differ. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { LIGHT } from "../drawing/colours";
import {
  comparisonFrame,
  drawComparedLine,
  drawComparisonAxes,
  drawNumbers,
  drawPointed,
  lineLook,
} from "../drawing/comparison";
import { type Key, lineKey } from "../drawing/legend";
import type { Picture } from "../drawing/picture";
import type { Surface } from "../drawing/surface";
import {
  compared,
  extent,
  hidden,
  keptLines,
  lines,
  type Measure,
  measure,
  pointedEpoch,
  presentLine,
  scoreName,
  shownAt,
  valueAt,
} from "../state/comparison";
import { announcement, fetchCurves, forget, keep, keptRuns } from "../state/kept";
import { logarithmic } from "../state/preferences";
import { ComparisonTable } from "./ComparisonTable";
import { useDrawing } from "./drawing";
import { TickField } from "./fields";
import { capital } from "./numbers";
import type { View } from "./TabbedPanel";

export const compare: View = {
  name: "Compare",
  title: () => (keptRuns.value.length > 0 ? `Compare · ${keptRuns.value.length}` : "Compare"),
  picture: comparePicture,
  Body: CompareView,
  Tools: CompareTools,
};

function CompareView() {
  useEffect(fetchCurves, []);
  if (keptRuns.value.length === 0) return <NothingKept />;
  return (
    <>
      <div class="comparison">
        <ComparisonPlot />
        <ComparisonTable />
      </div>
      <p class="only-heard" role="status">
        {announcement.value}
      </p>
    </>
  );
}

function NothingKept() {
  return (
    <div class="nothing-kept">
      <p>
        Keep a run, change something, and see both curves over one another, with the settings that
        differ beside them.
      </p>
      <button type="button" class="button" onClick={keep}>
        Keep this run <kbd>K</kbd>
      </button>
    </div>
  );
}

function CompareTools() {
  if (keptRuns.value.length === 0) return null;
  return (
    <div class="compare-tools">
      <select
        aria-label="What the curves show"
        value={measure.value}
        onChange={(event) => {
          measure.value = event.currentTarget.value as Measure;
        }}
      >
        <option value="validation_loss">Loss, test</option>
        <option value="loss">Loss, train</option>
        {scoreName.value && <option value="score">{scoreTitle()}</option>}
      </select>
      <TickField
        label="Logarithmic"
        value={logarithmic.value}
        onSet={(on) => {
          logarithmic.value = on;
        }}
      />
      <ForgetAll />
    </div>
  );
}

function scoreTitle(): string {
  return scoreName.value === "r2" ? "R², test" : `${capital(scoreName.value ?? "score")}, test`;
}

/** Ask for confirmation, because deleting cannot be undone. */
function ForgetAll() {
  const asks = useSignal(false);
  if (!asks.value) {
    return (
      <button
        type="button"
        class="button quiet"
        onClick={() => {
          asks.value = true;
        }}
      >
        Forget all
      </button>
    );
  }
  return (
    <span class="really" role="group" aria-label="Forget all kept runs?">
      <button type="button" class="button" onClick={() => forget("all")}>
        Forget {keptRuns.value.length}
      </button>
      <button
        type="button"
        class="button quiet"
        onClick={() => {
          asks.value = false;
        }}
      >
        Keep them
      </button>
    </span>
  );
}

function ComparisonPlot() {
  const below = useDrawing(drawKept);
  const above = useDrawing(drawPresent);
  return (
    <div
      class="comparison-plot"
      role="application"
      aria-label="The curves: the keys left and right move an epoch, whose values the table tells"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move an epoch within it
      tabIndex={0}
      onPointerMove={(event) => {
        pointedEpoch.value = epochAt(event);
      }}
      onPointerLeave={() => {
        pointedEpoch.value = null;
      }}
      onKeyDown={(event) => {
        const next = moved(event.key);
        if (next === undefined) return;
        event.preventDefault();
        pointedEpoch.value = next;
      }}
      onBlur={() => {
        pointedEpoch.value = null;
      }}
    >
      <canvas ref={below} aria-hidden="true" />
      <canvas ref={above} aria-hidden="true" />
    </div>
  );
}

function drawKept(surface: Surface): void {
  const frame = comparisonFrame(surface.width, surface.height, extent.value);
  drawComparisonAxes(surface, frame, extent.value);
  for (const line of keptLines.value) drawComparedLine(surface, frame, line);
  drawNumbers(surface, frame, keptLines.value);
}

function drawPresent(surface: Surface): void {
  const frame = comparisonFrame(surface.width, surface.height, extent.value);
  for (const line of presentLine.value) drawComparedLine(surface, frame, line);
  const epoch = pointedEpoch.value;
  if (epoch === null) return;
  const dots = lines.value.flatMap((line) => {
    const value = valueAt(line, epoch);
    return value === null ? [] : [{ number: line.number, value }];
  });
  drawPointed(surface, frame, epoch, dots);
}

function comparePicture(): Picture | null {
  if (keptRuns.value.length === 0) return null;
  const draw = (surface: Surface) => {
    drawKept(surface);
    drawPresent(surface);
  };
  const legend = compared.value
    .filter(({ number }) => !hidden.value.has(number))
    .map(({ number, name }) => keyOf(number === 0 ? name : `${number} ${name}`, number));
  return { title: `Compare: ${measureName()}`, width: 640, height: 320, draw, legend };
}

function keyOf(name: string, number: number): Key {
  const { dash, width } = lineLook(number, LIGHT);
  return lineKey(name, (theme) => lineLook(number, theme).colour, [...dash], width);
}

function measureName(): string {
  if (measure.value === "score") return scoreTitle();
  return measure.value === "loss" ? "loss, train" : "loss, test";
}

function epochAt(event: PointerEvent): number | null {
  const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
  const frame = comparisonFrame(box.width, box.height, extent.value);
  const epoch = Math.round(frame.atX(event.clientX - box.left));
  return epoch < 0 || epoch > extent.value.last ? null : epoch;
}

const STEPS = 40;

/** Return the new position; undefined for other keys. */
function moved(key: string): number | null | undefined {
  const step = Math.max(1, Math.round(extent.value.last / STEPS));
  const last = extent.value.last;
  switch (key) {
    case "ArrowLeft":
      return Math.max(0, shownAt.value - step);
    case "ArrowRight":
      return Math.min(last, shownAt.value + step);
    case "Home":
      return 0;
    case "End":
      return last;
    case "Escape":
      return null;
    default:
      return undefined;
  }
}
