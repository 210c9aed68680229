/** Distributions of every layer's weights, gradients and activations, from the first epoch to the latest. */

import { signal, useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import {
  drawSpreadMarks,
  drawSpreads,
  type Head,
  LOWEST,
  lastEpoch,
  layOutSpreads,
  rowsOf,
  scaleOf,
} from "../drawing/distributions";
import { lineKey } from "../drawing/legend";
import type { Picture } from "../drawing/picture";
import type { Surface } from "../drawing/surface";
import {
  columnAt,
  type Distributions,
  type Fractions,
  distributions as found,
  oneScale,
  QUANTITIES,
  type Quantity,
  quantity,
  shownEpoch,
  watchDistributions,
} from "../state/distributions";
import { send } from "../state/session";
import { DistributionsTable } from "./DistributionsTable";
import { useChanges, useDrawing } from "./drawing";
import { TickField } from "./fields";
import { capital, short, whole } from "./numbers";
import type { View } from "./TabbedPanel";

export const distributions: View = {
  name: "Distributions",
  Body: DistributionsView,
  Tools: DistributionsTools,
  picture: distributionsPicture,
};

interface Place {
  readonly layer: number;
  readonly epoch: number;
}

const pointed = signal<Place | null>(null);

function DistributionsView() {
  useEffect(watchDistributions, []);
  const below = useDrawing(drawDistributions);
  const above = useDrawing(drawMarks);
  const room = useRef<HTMLDivElement>(null);
  const high = useHeight(room);
  return (
    <>
      <div class="spreads-room">
        <div
          class="spreads"
          ref={room}
          style={{ minBlockSize: `${high}px` }}
          role="application"
          aria-label="Distributions: arrow keys move along epochs and layers, Enter shows that epoch"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move a place within it
          tabIndex={0}
          onPointerMove={(event) => {
            pointed.value = placeOf(event);
          }}
          onPointerLeave={() => {
            pointed.value = null;
          }}
          onClick={goThere}
          onKeyDown={(event) => {
            if (event.key === "Enter") goThere();
            const next = moved(event.key);
            if (!next) return;
            event.preventDefault();
            pointed.value = next;
          }}
        >
          <canvas ref={below} aria-hidden="true" />
          <canvas ref={above} aria-hidden="true" />
          {!found.value && <p class="starting">The first layers are being looked at …</p>}
        </div>
      </div>
      <div class="foot">
        <DistributionsTable />
        <p class="answer" aria-live="polite">
          <Answer />
        </p>
      </div>
    </>
  );
}

function DistributionsTools() {
  return (
    <div class="tools">
      <select
        aria-label="What is shown of every layer"
        value={quantity.value}
        onChange={(event) => {
          quantity.value = event.currentTarget.value as Quantity;
        }}
      >
        {QUANTITIES.map((each) => (
          <option key={each} value={each}>
            {capital(each)}
          </option>
        ))}
      </select>
      <TickField
        label="One scale"
        help="The same scale for every layer, or its own for each"
        value={oneScale.value}
        onSet={(on) => {
          oneScale.value = on;
        }}
      />
    </div>
  );
}

/** Height of the picture: it grows with the number of rows of layers. */
function useHeight(room: { current: HTMLElement | null }): number {
  const changes = useChanges(room);
  const width = useSignal(0);
  useEffect(() => {
    width.value = room.current?.clientWidth ?? 0;
  }, [changes.value]);
  const layers = useComputed(() => found.value?.layers ?? 1).value;
  return LOWEST * (width.value > 0 ? rowsOf(layers, width.value) : 1);
}

export function drawDistributions(surface: Surface): void {
  const now = found.value;
  if (!now) return;
  const logarithmic = isLogarithmic(now.quantity);
  const common = oneScale.value ? scaleOf(now, null, logarithmic) : null;
  drawSpreads(surface, {
    spread: now,
    scales: now.names.map((_, layer) => common ?? scaleOf(now, layer, logarithmic)),
    hasOneScale: common !== null,
    isSigned: !logarithmic,
    heads: now.names.map((name, layer) => headOf(name, now.quantity, now.fractions[layer])),
  });
}

function distributionsPicture(): Picture | null {
  const now = found.value;
  if (!now) return null;
  const [width, legend] = [760, [lineKey("median", (theme) => theme.ink, [], 1.25)]];
  return {
    title: capital(now.quantity),
    width,
    height: Math.max(180, LOWEST * rowsOf(now.layers, width)),
    draw: drawDistributions,
    legend,
  };
}

function drawMarks(surface: Surface): void {
  const now = found.value;
  if (now) drawSpreadMarks(surface, now, { shown: shownEpoch.value, pointed: pointed.value });
}

/** Gradients differ by powers of ten from layer to layer. */
function isLogarithmic(quantity: Quantity): boolean {
  return quantity === "gradients";
}

function headOf(name: string, quantity: Quantity, fractions: Fractions | undefined): Head {
  const fraction = quantity === "activations" ? fractions?.flat : fractions?.zero;
  const says = quantity === "activations" ? "flat" : "zero";
  const isSaid =
    fraction !== undefined && (quantity === "activations" ? fraction >= 0 : fraction > 0);
  const figure = isSaid ? `${whole(100 * fraction)} %` : "";
  return {
    title: name,
    note: figure && `${figure} ${says}`,
    short: [name.replace("hidden ", "").replace("output", "out"), figure],
  };
}

function boxes(now: Distributions, room: HTMLElement) {
  return layOutSpreads(now.layers, room.clientWidth, room.clientHeight);
}

function placeOf(event: PointerEvent): Place | null {
  const [now, room] = [found.value, event.currentTarget as HTMLElement];
  if (!now) return null;
  const bounds = room.getBoundingClientRect();
  const [x, y] = [event.clientX - bounds.left, event.clientY - bounds.top];
  const layer = boxes(now, room).findIndex(
    ({ left, top, width, height }) =>
      x >= left && x <= left + width && y >= top && y <= top + height,
  );
  const box = boxes(now, room)[layer];
  if (!box) return null;
  return snapped(now, layer, ((x - box.left) / box.width) * lastEpoch(now));
}

function snapped(now: Distributions, layer: number, epoch: number): Place {
  return { layer, epoch: now.epochs[columnAt(now.epochs, epoch)] ?? 0 };
}

function moved(key: string): Place | null {
  const now = found.value;
  if (!now) return null;
  const { layer, epoch } = pointed.value ?? { layer: 0, epoch: Number.POSITIVE_INFINITY };
  const column = columnAt(now.epochs, epoch);
  const along = (step: number) => ({
    layer,
    epoch: now.epochs[Math.min(now.epochs.length - 1, Math.max(0, column + step))] ?? 0,
  });
  const across = (step: number) =>
    snapped(now, Math.min(now.layers - 1, Math.max(0, layer + step)), epoch);
  const ways: Record<string, () => Place> = {
    ArrowLeft: () => along(-1),
    ArrowRight: () => along(1),
    ArrowUp: () => across(-1),
    ArrowDown: () => across(1),
  };
  return ways[key]?.() ?? null;
}

function goThere(): void {
  if (pointed.value) send({ do: "seek", epoch: Math.floor(pointed.value.epoch) });
}

function Answer() {
  const [now, place] = [found.value, pointed.value];
  if (!now) return null;
  if (!place || place.layer >= now.layers) return <>{summary(now)}</>;
  const at = (fraction: number) => short(quantileAt(now, place, fraction));
  return (
    <>
      {now.names[place.layer]}, epoch {whole(Math.floor(place.epoch))}: median{" "}
      <strong>{at(0.5)}</strong>, half between {at(0.25)} and {at(0.75)}, all between {at(0)} and{" "}
      {at(1)}
    </>
  );
}

function quantileAt(now: Distributions, place: Place, fraction: number): number {
  const column = columnAt(now.epochs, place.epoch);
  const start = (column * now.layers + place.layer) * now.levels;
  return now.quantiles[start + fraction * (now.levels - 1)] ?? Number.NaN;
}

/** Description of the picture in a sentence. */
export function summary(now: Distributions): string {
  if (now.quantity === "weights") {
    return "All weights of each layer, darker where more of them are; the line is the median.";
  }
  const rows = `${whole(now.nSamples)} rows`;
  if (now.quantity === "gradients") {
    return `Sizes of dL/dW over ${rows}, on a logarithmic scale${comparison(now)}.`;
  }
  return `a over ${rows}: ${idleInWords(now)}.`;
}

/** The layer with most dead or saturated units; the table lists all layers. */
function idleInWords({ names, fractions }: Distributions): string {
  const most = fractions.reduce(
    (best, { idle }, layer) => (idle > (fractions[best]?.idle ?? 0) ? layer : best),
    0,
  );
  const { idle, units, saturates } = fractions[most] as Fractions;
  if (idle === 0) return "no unit is dead or saturated";
  const all = fractions.reduce((sum, each) => sum + each.idle, 0);
  const more = all > idle ? `, ${whole(all)} in all` : "";
  const what = saturates ? "saturated" : "dead";
  return `${idle} of ${units} units of ${names[most]} are ${what}${more}`;
}

const LEAST_RATIO = 1e-6;

/** Ratio of the first layer's gradients to the last hidden layer's. */
function comparison(now: Distributions): string {
  const last = now.layers - 2;
  const epoch = shownEpoch.value ?? Number.POSITIVE_INFINITY;
  const median = (layer: number) => quantileAt(now, { layer, epoch }, 0.5);
  const ratio = median(0) / median(last);
  if (last < 1 || !(ratio > 0) || !Number.isFinite(ratio)) return "";
  const times = ratio < LEAST_RATIO ? "less than a millionth of" : `${short(ratio, 2)} times`;
  return `: the median of ${now.names[0]} is ${times} that of ${now.names[last]}`;
}
