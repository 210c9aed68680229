/** Predicted against actual values of a regression, and residuals. */

import { signal } from "@preact/signals";
import { rowKey } from "../drawing/legend";
import type { Picture } from "../drawing/picture";
import { planeFrame } from "../drawing/plane";
import {
  drawScatter,
  drawScatterMark,
  fromLeft,
  nearestRow,
  type ScatterPicture,
  scatterExtent,
} from "../drawing/scatter";
import type { Surface } from "../drawing/surface";
import { LOOKS, type Look, look, PARTS, type Part, rows, said, target } from "../state/fits";
import { isClassification, targetRange } from "../state/plane";
import { useDrawing } from "./drawing";
import { fixed, short } from "./numbers";
import { ResidualsTable } from "./ResidualsTable";
import type { View } from "./TabbedPanel";
import { useWatched } from "./watching";

export const residuals: View = {
  name: "Residuals",
  Body: ResidualsView,
  picture: residualsPicture,
  isOffered: () => !isClassification.value,
};

const FIT = { fit: true };
const NEAR = 24;

const chosen = signal<{ part: Part; row: number } | null>(null);

function ResidualsView() {
  useWatched(FIT);
  const below = useDrawing(drawResiduals);
  const above = useDrawing(drawChosen);
  return (
    <>
      <div class="planes">
        <select
          aria-label="What is drawn"
          value={look.value}
          onChange={(event) => {
            look.value = event.currentTarget.value as Look;
          }}
        >
          {LOOKS.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </div>
      <div
        class="plane scatter"
        role="application"
        aria-label="Rows: left and right go from row to row, up and down between train and test"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move from row to row
        tabIndex={0}
        onPointerMove={(event) => {
          chosen.value = pointed(event);
        }}
        onPointerLeave={() => {
          chosen.value = null;
        }}
        onKeyDown={(event) => {
          const next = moved(event.key);
          if (!next) return;
          event.preventDefault();
          chosen.value = next;
        }}
      >
        <canvas ref={below} aria-hidden="true" />
        <canvas ref={above} aria-hidden="true" />
      </div>
      <p class="answer" aria-live="polite">
        <Answer />
      </p>
      <Errors />
      <ResidualsTable />
    </>
  );
}

function picture(): ScatterPicture | null {
  const now = rows.value;
  if (!now) return null;
  const predicted = `predicted ${target.value}`;
  return {
    ...now,
    look: look.value,
    extent: scatterExtent([now.train, now.test], targetRange.value, look.value),
    names:
      look.value === LOOKS[0]
        ? { x: `actual ${target.value}`, y: predicted }
        : { x: predicted, y: "actual less predicted" },
  };
}

export function drawResiduals(surface: Surface): void {
  const now = picture();
  if (now) drawScatter(surface, now);
}

function residualsPicture(): Picture | null {
  if (!picture()) return null;
  const legend = PARTS.map((part) => rowKey(PART_NAMES[part], part === "test"));
  return { title: "Residuals", width: 480, height: 480, draw: drawResiduals, legend };
}

const PART_NAMES = { train: "rows learned from", test: "test rows" };

function drawChosen(surface: Surface): void {
  const [now, place] = [picture(), chosen.value];
  if (now && place && place.row < now[place.part].predicted.length) {
    drawScatterMark(surface, now, place);
  }
}

function pointed(event: PointerEvent): { part: Part; row: number } | null {
  const now = picture();
  if (!now) return null;
  const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
  const frame = planeFrame(box.width, box.height, now.extent);
  return nearestRow(now, frame, [event.clientX - box.left, event.clientY - box.top], NEAR);
}

function moved(key: string): { part: Part; row: number } | null {
  const now = rows.value;
  if (!now || !["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(key)) return null;
  const before = chosen.value ?? { part: "test" as Part, row: -1 };
  const isOther = key === "ArrowUp" || key === "ArrowDown";
  const part: Part = isOther ? (before.part === "test" ? "train" : "test") : before.part;
  const order = fromLeft(now[part], look.value);
  const at = isOther ? 0 : order.indexOf(before.row);
  const step = key === "ArrowLeft" ? -1 : key === "ArrowRight" ? 1 : 0;
  const place = Math.min(order.length - 1, Math.max(0, at + step));
  return { part, row: order[place] ?? 0 };
}

function Answer() {
  const [now, place] = [rows.value, chosen.value];
  const part = place && now?.[place.part];
  if (!part || place.row >= part.predicted.length) {
    return <>Point at a row to read it.</>;
  }
  const residual = part.residual[place.row] as number;
  return (
    <>
      {place.part} row {place.row}: actual {short(part.actual[place.row], 4)}, predicted{" "}
      <strong>{short(part.predicted[place.row], 4)}</strong>, {short(Math.abs(residual), 3)}{" "}
      {residual < 0 ? "too high" : "too low"}
    </>
  );
}

/** Errors of the predictions, in words and in the units of the data. */
function Errors() {
  const fit = said.value;
  if (!fit) return null;
  return (
    <table class="errors">
      <caption>
        Predicted is {fit.predicts}. RMSE and MAE: in units of {target.value}.
      </caption>
      <thead>
        <tr>
          <td />
          <th scope="col">R²</th>
          <th scope="col">RMSE</th>
          <th scope="col">MAE</th>
        </tr>
      </thead>
      <tbody>
        {PARTS.map((part) => (
          <tr key={part}>
            <th scope="row">
              <span class={`dot ${part}`} aria-hidden="true" />
              {part}
            </th>
            <td>{fixed(fit[part].r2, 3)}</td>
            <td>{short(fit[part].rmse, 4)}</td>
            <td>{short(fit[part].mae, 4)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
