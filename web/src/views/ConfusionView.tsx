/** Confusion matrix of the test samples, or, for many classes, the most frequent confusions. */

import { drawConfusion } from "../drawing/confusion";
import type { Picture } from "../drawing/picture";
import type { Surface } from "../drawing/surface";
import {
  type Confusion,
  confusion as found,
  inFractions,
  MOST_CLASSES,
  mostConfused,
} from "../state/confusion";
import { classes, isClassification } from "../state/plane";
import { NotesInALine } from "./NotesPanel";
import { percent, whole } from "./numbers";
import type { View } from "./TabbedPanel";
import { useWatched } from "./watching";

export const confusion: View = {
  name: "Confusion",
  Body: ConfusionView,
  Tools: ConfusionTools,
  picture: confusionPicture,
  isOffered: () => isClassification.value,
  isFirst: () => true,
};

const WATCHED = { confusion: true };
const MOST_LISTED = 20;

function ConfusionView() {
  useWatched(WATCHED);
  const now = found.value;
  return (
    <>
      <NotesInALine />
      {now && (now.size > MOST_CLASSES ? <List confusion={now} /> : <Matrix confusion={now} />)}
    </>
  );
}

function ConfusionTools() {
  return (
    <select
      class="short"
      aria-label="Counts or fractions"
      value={inFractions.value ? "fractions" : "counts"}
      onChange={(event) => {
        inFractions.value = event.currentTarget.value === "fractions";
      }}
    >
      <option value="counts">Counts</option>
      <option value="fractions">Fractions</option>
    </select>
  );
}

function confusionPicture(): Picture | null {
  const now = found.value;
  if (!now) return null;
  const { size, counts, totals } = now;
  const say = (count: number, total: number) =>
    inFractions.value ? whole((100 * count) / (total || 1)) : whole(count);
  const draw = (surface: Surface) =>
    drawConfusion(surface, { size, counts, totals, names: classes.value, say });
  const title = inFractions.value ? "Confusion, percent" : "Confusion";
  return { title, width: 520, height: 460, draw };
}

function Matrix({ confusion }: { confusion: Confusion }) {
  const names = classes.value;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element must be scrollable by keys
    <div class="matrix-room" role="group" aria-label="Confusion" tabIndex={0}>
      <table
        class={`confusion ${confusion.size > 6 ? "dense" : ""} ${confusion.size > 8 ? "denser" : ""}`}
      >
        <caption class="only-heard">
          Test rows: the true class a row, the predicted a column. {rightInWords(confusion)}
        </caption>
        <thead>
          <tr>
            <th class="corner">true ↓ taken →</th>
            {names.map((name) => (
              <th key={name} scope="col" title={name}>
                <span>{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {names.map((name, row) => (
            <tr key={name}>
              <th scope="row" title={name}>
                <span>{name}</span>
              </th>
              {names.map((other, column) => (
                <Cell key={other} confusion={confusion} row={row} column={column} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {confusion.size <= 6 && <p class="about">{rightInWords(confusion)}</p>}
    </div>
  );
}

function Cell({ confusion, row, column }: { confusion: Confusion; row: number; column: number }) {
  const count = confusion.counts[row * confusion.size + column] ?? 0;
  const fraction = count / (confusion.totals[row] || 1);
  const kind = row === column ? "right" : count > 0 ? "wrong" : "none";
  return (
    <td
      class={kind}
      style={{ "--fraction": String(Math.sqrt(fraction)) }}
      title={`${whole(count)} of ${whole(confusion.totals[row] ?? 0)}, ${percent(fraction)}`}
    >
      {inFractions.value ? whole(100 * fraction) : whole(count)}
    </td>
  );
}

function List({ confusion }: { confusion: Confusion }) {
  const names = classes.value;
  const pairs = mostConfused(confusion, MOST_LISTED);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element must be scrollable by keys
    <div class="scrolls" role="group" aria-label="Confusion" tabIndex={0}>
      <p class="about">
        {rightInWords(confusion)} {pairs.length > 0 ? "Confused most:" : ""}
      </p>
      <ol class="pairs">
        {pairs.map(({ from, to, count, fraction }) => (
          <li key={`${from} ${to}`}>
            <strong>{names[from]}</strong> taken for <strong>{names[to]}</strong>{" "}
            <span class="muted">{inFractions.value ? percent(fraction) : whole(count)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function rightInWords({ right, total }: Confusion): string {
  return `${whole(right)} of ${whole(total)} test rows are right, ${percent(right / (total || 1))}.`;
}
