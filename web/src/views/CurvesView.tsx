/** Curves of the run: losses and scores on training and test samples, and the learning rate. */

import { signal, useComputed, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { css, type Theme } from "../drawing/colours";
import { lineKey } from "../drawing/legend";
import type { Picture } from "../drawing/picture";
import { drawPlot } from "../drawing/plot";
import { type Surface, theme } from "../drawing/surface";
import {
  type Course,
  type Curve,
  chosenCourse,
  course,
  curves,
  offered,
  scoreName,
} from "../state/curves";
import { logarithmic } from "../state/preferences";
import { watchTrainingScores } from "../state/trainingScores";
import { attempt } from "../state/troubles";
import { useChanges } from "./drawing";
import { TickField } from "./fields";
import { capital, short, whole } from "./numbers";
import { Scrubber } from "./Scrubber";
import type { View } from "./TabbedPanel";
import { Twin } from "./Twin";

export const losses: View = {
  name: "Loss",
  Body: CurvesView,
  Tools: CurvesTools,
  picture: curvesPicture,
};

/** Index into the curves at the pointer. */
const pointed = signal<number | null>(null);

function CurvesView() {
  const place = useRef<HTMLDivElement>(null);
  usePlot(place);
  const asks = course.value === "score";
  useEffect(() => (asks ? watchTrainingScores() : undefined), [asks]);
  return (
    <>
      <div class="plot" ref={place} aria-hidden="true" />
      <Scrubber />
      <div class="foot">
        <CurvesTable />
        <CurveLegend />
      </div>
    </>
  );
}

function CurvesTools() {
  return (
    <div class="tools">
      <select
        aria-label="Curves of"
        value={course.value}
        onChange={(event) => {
          chosenCourse.value = event.currentTarget.value as Course;
        }}
      >
        {offered.value.map((each) => (
          <option key={each} value={each}>
            {capital(nameOf(each))}
          </option>
        ))}
      </select>
      {course.value !== "score" && (
        <TickField
          label="Logarithmic"
          value={logarithmic.value}
          onSet={(on) => {
            logarithmic.value = on;
          }}
        />
      )}
    </div>
  );
}

function nameOf(each: Course): string {
  if (each !== "score") return each;
  return scoreName.value === "r2" ? "R²" : (scoreName.value ?? "score");
}

function curvesPicture(): Picture | null {
  const { epochs, lines } = curves.value;
  if (epochs.length === 0) return null;
  const draw = (surface: Surface) =>
    drawPlot(surface, named(options(surface.theme, lines)), [
      epochs,
      ...lines.map((line) => line.values),
    ]);
  const legend = lines.map((line) =>
    lineKey(line.name, (theme) => lineColour(line, theme.dark), line.dashed ? DASH : []),
  );
  return { title: capital(nameOf(course.value)), width: 780, height: 320, draw, legend };
}

/** Options for a picture, which also names the axes; the page has no room for that. */
function named(plain: uPlot.Options): uPlot.Options {
  const what = nameOf(course.value);
  const names = ["epoch", isLogarithmic() ? `${what}, logarithmic` : what];
  const label = { labelSize: 18, labelGap: 0, labelFont: "11px system-ui, sans-serif" };
  const axes = plain.axes?.map((axis, at) => ({ ...axis, ...label, label: names[at] ?? "" })) ?? [];
  return { ...plain, axes };
}

const DASH = [7, 4];

/** Scores are never on a logarithmic scale, because a score may be 0 or negative. */
function isLogarithmic(): boolean {
  return logarithmic.value && course.value !== "score";
}

function usePlot(place: { current: HTMLDivElement | null }): void {
  const plot = useRef<uPlot | null>(null);
  const made = useRef("");
  const changes = useChanges(place);
  const names = useComputed(() => curves.value.lines.map((line) => line.name).join());
  useSignalEffect(() => {
    const box = place.current;
    const { epochs, lines } = curves.value;
    changes.value;
    if (!box || box.clientWidth === 0) return;
    const series: uPlot.AlignedData = [epochs, ...lines.map((line) => line.values)];
    const look = `${course.value} ${names.value} ${theme().dark} ${isLogarithmic()}`;
    attempt("draw the curves", () => {
      if (!plot.current || look !== made.current) {
        plot.current?.destroy();
        const size = { width: box.clientWidth, height: box.clientHeight };
        plot.current = new uPlot({ ...options(theme(), lines), ...size }, series, box);
        made.current = look;
        return;
      }
      const { width, height } = plot.current;
      if (width !== box.clientWidth || height !== box.clientHeight) {
        plot.current.setSize({ width: box.clientWidth, height: box.clientHeight });
      }
      plot.current.setData(series);
    });
  });
}

function options(colours: Theme, lines: readonly Curve[]): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: css(colours.muted),
    font: "11px system-ui, sans-serif",
    grid: { stroke: css(colours.line), width: 1 },
    ticks: { show: false },
  };
  return {
    width: 0,
    height: 0,
    padding: [6, 12, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: {
      x: {
        time: false,
        range: (_, low, high) => [low ?? 0, Math.max(high ?? 10, (low ?? 0) + 10)],
      },
      y: isLogarithmic() ? { distr: 3 } : { range: (_, low, high) => upright(low, high) },
    },
    axes: [
      {
        ...axis,
        size: 22,
        gap: 2,
        incrs: WHOLE_STEPS,
        values: (_, ticks) => ticks.map((tick) => whole(tick)),
      },
      { ...axis, size: 46, gap: 4, values: (_, ticks) => ticks.map((tick) => tickName(tick)) },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.name,
        stroke: css(lineColour(line, colours.dark)),
        width: 2,
        points: { show: false },
        ...(line.dashed ? { dash: DASH } : {}),
      })),
    ],
    hooks: {
      setCursor: [
        (plot) => {
          pointed.value = plot.cursor.idx ?? null;
        },
      ],
    },
  };
}

/** Distances of the ticks, which are whole because epochs are. */
const WHOLE_STEPS = [0, 1, 2, 3, 4, 5, 6].flatMap((zeros) =>
  [1, 2, 5].map((step) => step * 10 ** zeros),
);

/** Return the limits: losses and rates start at 0; scores end at 1, and start at their minimum, at least -1. */
function upright(low: number | null, high: number | null): [number, number] {
  if (course.value === "score") return [Math.max(-1, Math.min(0.5, (low ?? 0.5) - 0.02)), 1.02];
  const top = high && high > 0 ? high * 1.05 : 1;
  return [Math.min(0, low ?? 0), top];
}

function tickName(tick: number | null): string {
  return tick === null || tick === undefined ? "" : short(tick, 2);
}

function lineColour(line: Curve, dark: boolean): readonly [number, number, number] {
  if (line.dashed) return dark ? [240, 160, 80] : [190, 84, 0];
  return dark ? [124, 192, 239] : [0, 90, 146];
}

/** The names of the lines, each with its value at the pointer, or its latest value. */
function CurveLegend() {
  const { epochs, lines } = curves.value;
  const at = pointed.value ?? epochs.length - 1;
  if (epochs.length === 0) return null;
  return (
    <div class="legend lines">
      {lines.map((line) => (
        <span key={line.name}>
          <svg viewBox="0 0 24 8" aria-hidden="true">
            <line
              x1="0"
              x2="24"
              y1="4"
              y2="4"
              class={line.dashed ? "line-test" : "line-train"}
              stroke-dasharray={line.dashed ? "7 4" : undefined}
            />
          </svg>
          {line.name} <span class="figure">{short(valueAt(line, at), 4)}</span>
        </span>
      ))}
      <span class="muted">
        at epoch <span class="figure">{whole(epochs[at] ?? 0)}</span>
      </span>
    </div>
  );
}

/** Return the value at an index; if it is unknown, the latest known one. */
function valueAt(line: Curve, at: number): number | null | undefined {
  return line.values[at] ?? line.values.slice(0, at).findLast((value) => value !== null);
}

const ROWS = 10;

function CurvesTable() {
  return (
    <Twin name={`The ${nameOf(course.value)}`}>
      {() => (
        <table>
          <caption class="only-heard">{capital(nameOf(course.value))} by epoch</caption>
          <thead>
            <tr>
              <th scope="col">epoch</th>
              {curves.value.lines.map((line) => (
                <th key={line.name} scope="col">
                  {line.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {spread(curves.value.epochs.length, ROWS).map((at) => (
              <tr key={at}>
                <th scope="row">{whole(curves.value.epochs[at] ?? 0)}</th>
                {curves.value.lines.map((line) => (
                  <td key={line.name}>{short(line.values[at], 5)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Twin>
  );
}

/** Return at most `most` indices below `count`, evenly spaced and including the last. */
export function spread(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, at) => at);
  return Array.from({ length: most }, (_, row) => Math.round((row * (count - 1)) / (most - 1)));
}
