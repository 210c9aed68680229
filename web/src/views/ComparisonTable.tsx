/** The compared runs as a table: their metrics, and only the settings that differ. */

import { signal } from "@preact/signals";
import { css } from "../drawing/colours";
import { lineLook } from "../drawing/comparison";
import { theme } from "../drawing/surface";
import {
  type Compared,
  compared,
  differences,
  hidden,
  isContest,
  lines,
  type Measure,
  measure,
  scoreName,
  showLine,
  shownAt,
  valueAt,
} from "../state/comparison";
import { forget, keep, rename, restore } from "../state/kept";
import type { Json } from "../wire/protocol/experiment";
import { Icon } from "./Icon";
import { fixed, percent, short, whole } from "./numbers";
import { said } from "./parameterText";

interface Column {
  readonly name: string;
  readonly title: string;
  /** Value that the column is sorted by. */
  readonly value: (run: Compared) => Json;
  readonly say: (run: Compared) => string;
  /** The better extreme; undefined for columns without a ranking. */
  readonly best?: "least" | "most";
  readonly isSetting?: boolean;
}

/** Column and direction of the sort; null for the order in which the runs were kept. */
const order = signal<{ name: string; falls: boolean } | null>(null);

export function ComparisonTable() {
  const columns = columnsNow();
  const runs = inOrder(compared.value, columns);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element must be scrollable by keys
    <div class="comparison-table" role="region" aria-label="Kept runs" tabIndex={0}>
      <table>
        <caption class="only-heard">
          The present run and the kept ones, with the settings in which they differ
        </caption>
        <thead>
          <tr>
            <th scope="col">run</th>
            {columns.map((column) => (
              <Head key={column.name} column={column} />
            ))}
            <th scope="col">
              <span class="only-heard">what can be done with it</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <Row key={run.number} run={run} columns={columns} runs={runs} />
          ))}
        </tbody>
      </table>
      {!isContest.value && (
        <p class="muted">Of other rows, or another loss: no figure is marked as the best.</p>
      )}
    </div>
  );
}

function columnsNow(): Column[] {
  const name = scoreName.value;
  const settings = differences.value.map((setting) => ({
    name: `= ${setting}`,
    title: setting,
    value: (run: Compared) => run.settings.get(setting) ?? null,
    say: (run: Compared) => saySetting(run.settings.get(setting)),
    isSetting: true,
  }));
  return [
    figure("validation_loss", "loss, test", "least"),
    ...settings,
    ...(name ? [figure("score", name === "r2" ? "R²" : name, "most")] : []),
    figure("loss", "loss, train", "least"),
    { name: "epoch", title: "epoch", value: (run) => run.epoch, say: (run) => whole(run.epoch) },
    {
      name: "at",
      title: `at ${whole(shownAt.value)}`,
      value: valueThere,
      say: (run) => sayFigure(measure.value, valueThere(run)),
    },
  ];
}

function figure(measure: Measure, title: string, best: "least" | "most"): Column {
  return {
    name: measure,
    title,
    value: (run) => run.figures[measure],
    say: (run) => sayFigure(measure, run.figures[measure]),
    best,
  };
}

function valueThere(run: Compared): number | null {
  return valueAt(
    lines.value.find(({ number }) => number === run.number),
    shownAt.value,
  );
}

function sayFigure(measure: Measure, value: number | null): string {
  if (measure !== "score") return short(value, 4);
  return scoreName.value === "accuracy" ? percent(value) : fixed(value, 3);
}

const LONGEST = 28;

function saySetting(value: Json | undefined): string {
  if (value === undefined) return "–";
  if (typeof value === "number") return short(value, 6);
  if (Array.isArray(value) && Array.isArray(value[0])) return `${whole(value.length)} points`;
  const text = said(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

function Head({ column }: { column: Column }) {
  const now = order.value?.name === column.name ? order.value : null;
  const turn = () => {
    if (!now) order.value = { name: column.name, falls: column.best === "most" };
    else if (now.falls === (column.best === "most")) order.value = { ...now, falls: !now.falls };
    else order.value = null;
  };
  return (
    <th
      scope="col"
      class={column.isSetting ? "setting-name" : ""}
      aria-sort={now ? (now.falls ? "descending" : "ascending") : "none"}
    >
      <button type="button" onClick={turn}>
        <span>{breakable(column.title)}</span>
        <span class="way" aria-hidden="true">
          {now ? (now.falls ? "↓" : "↑") : ""}
        </span>
      </button>
    </th>
  );
}

/** Break a long name into two lines, at the separator nearest to its middle. */
function breakable(name: string) {
  const ends = [...name.matchAll(/[_.]/g)].map(({ index }) => index + 1);
  if (name.length < 12 || ends.length === 0) return name;
  const fromMiddle = (end: number) => Math.abs(end - name.length / 2);
  const end = ends.reduce((one, other) => (fromMiddle(other) < fromMiddle(one) ? other : one));
  return (
    <>
      {name.slice(0, end)}
      <wbr />
      {name.slice(end)}
    </>
  );
}

function inOrder(runs: readonly Compared[], columns: readonly Column[]): Compared[] {
  const by = columns.find(({ name }) => name === order.value?.name);
  if (!by) return [...runs];
  const way = order.value?.falls ? -1 : 1;
  return [...runs].sort((one, other) => compareValues(by.value(one), by.value(other), way));
}

/** Missing values come last in either order. */
function compareValues(one: Json, other: Json, way: number): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  if (typeof one === "number" && typeof other === "number") return way * (one - other);
  return way * said(one).localeCompare(said(other), "en", { numeric: true });
}

function Row(props: { run: Compared; columns: readonly Column[]; runs: readonly Compared[] }) {
  const { run, columns, runs } = props;
  return (
    <tr class={run.kept ? "" : "present"}>
      <th scope="row">
        <span class="run-name">
          <LineToggle run={run} />
          {run.kept ? <NameField run={run.kept} /> : <span class="name">{run.name}</span>}
        </span>
      </th>
      {columns.map((column) => (
        <Cell key={column.name} run={run} column={column} runs={runs} />
      ))}
      <td class="acts">
        <Acts run={run} />
      </td>
    </tr>
  );
}

function Cell(props: { run: Compared; column: Column; runs: readonly Compared[] }) {
  const { run, column, runs } = props;
  const text = column.say(run);
  if (!isBest(run, column, runs)) return <td>{text}</td>;
  return (
    <td class="best">
      {text}
      <span class="only-heard">, the best</span>
    </td>
  );
}

function isBest(run: Compared, column: Column, runs: readonly Compared[]): boolean {
  if (!column.best || !isContest.value) return false;
  const values = runs
    .map((each) => column.value(each))
    .filter((value): value is number => typeof value === "number" && Number.isFinite(value));
  const best = column.best === "least" ? Math.min(...values) : Math.max(...values);
  return values.length > 1 && column.value(run) === best;
}

/** Button with the look of a run's line; it shows and hides the line. */
function LineToggle({ run }: { run: Compared }) {
  const look = lineLook(run.number, theme());
  const isShown = !hidden.value.has(run.number);
  return (
    <button
      type="button"
      class="line-toggle"
      aria-pressed={isShown}
      aria-label={`Line of ${run.name}`}
      title={isShown ? "Hide its line" : "Show its line"}
      onClick={() => showLine(run.number, !isShown)}
    >
      <svg viewBox="0 0 26 8" aria-hidden="true">
        <line
          x1="0"
          x2="26"
          y1="4"
          y2="4"
          stroke={css(look.colour)}
          stroke-width={look.width + 0.5}
          stroke-dasharray={look.dash.join(" ")}
        />
      </svg>
      <span class="run-number" aria-hidden="true">
        {run.number || ""}
      </span>
    </button>
  );
}

function NameField({ run }: { run: NonNullable<Compared["kept"]> }) {
  return (
    <input
      type="text"
      class="name"
      aria-label={`Name of ${run.name}`}
      maxLength={60}
      defaultValue={run.name}
      key={run.name}
      onKeyDown={(event) => {
        if (event.key === "Escape") event.currentTarget.value = run.name;
        if (event.key === "Enter" || event.key === "Escape") event.currentTarget.blur();
      }}
      onBlur={(event) => {
        const name = event.currentTarget.value.trim();
        if (name && name !== run.name) rename(run, name);
        else event.currentTarget.value = run.name;
      }}
    />
  );
}

function Acts({ run }: { run: Compared }) {
  const { kept } = run;
  if (!kept) {
    return (
      <span class="acts-of">
        <button
          type="button"
          class="button quiet"
          aria-label="Keep the present run"
          title="Keep this run (K)"
          onClick={keep}
        >
          <Icon name="keep" />
        </button>
      </span>
    );
  }
  return (
    <span class="acts-of">
      <button
        type="button"
        class="button quiet"
        aria-label={`Restore ${kept.name}`}
        title="Restore: sets its experiment, and makes the same run again"
        onClick={() => restore(kept)}
      >
        <Icon name="undo" />
      </button>
      <button
        type="button"
        class="button quiet"
        aria-label={`Forget ${kept.name}`}
        title="Forget it"
        onClick={() => forget(kept)}
      >
        <Icon name="close" />
      </button>
    </span>
  );
}
