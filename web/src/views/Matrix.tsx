/** The numbers of a matrix: a table shaded by sign, or a picture if it is large. */

import type { ComponentChildren } from "preact";
import { largest } from "../drawing/largest";
import { paintMatrix } from "../drawing/matrix";
import { useDrawing } from "./drawing";
import { short } from "./numbers";
import { Twin } from "./Twin";

const MOST_COLUMNS = 12;
const MOST_ROWS = 12;
export const DIGITS = 4;

export interface MatrixProps {
  readonly name: string;
  /** Shape of the whole matrix; the server may have sent less. */
  readonly shape: readonly number[];
  readonly sent: readonly number[];
  readonly values: ArrayLike<number>;
  readonly rowNames: (row: number) => string;
  readonly columnNames: (column: number) => string;
  /** Action of a click on a number, and the chosen number. */
  readonly onPick?: ((row: number, column: number) => void) | undefined;
  readonly isPicked?: ((row: number, column: number) => boolean) | undefined;
}

export function Matrix(props: MatrixProps) {
  const { shape, sent, values } = props;
  if (shape.length === 0) return <p class="scalar">{short(values[0], DIGITS)}</p>;
  const [rows, columns] = sides(sent);
  const [allRows, allColumns] = sides(shape);
  const isLarge = rows > MOST_ROWS || columns > MOST_COLUMNS;
  const left = rows < allRows || columns < allColumns;
  return (
    <div class="matrix">
      {isLarge ? <Large {...props} /> : <Cells {...props} />}
      {left && (
        <p class="about">
          The first {rows} × {columns} of {allRows.toLocaleString("en")} ×{" "}
          {allColumns.toLocaleString("en")}.
        </p>
      )}
    </div>
  );
}

function sides(shape: readonly number[]): [number, number] {
  return shape.length === 1 ? [1, shape[0] ?? 0] : [shape[0] ?? 0, shape[1] ?? 0];
}

function Large(props: MatrixProps) {
  const [rows, columns] = sides(props.sent);
  const canvas = useDrawing((surface) => paintMatrix(surface, rows, columns, props.values));
  return (
    <>
      <div class="heat" style={{ aspectRatio: `${columns} / ${rows}` }}>
        <canvas ref={canvas} aria-hidden="true" />
      </div>
      <Twin name={props.name}>{() => <Cells {...props} />}</Twin>
    </>
  );
}

function Cells(props: MatrixProps) {
  const { name, sent, shape, values, rowNames, columnNames } = props;
  const [rows, columns] = sides(sent);
  const scale = largest(values);
  return (
    <table class="cells" onKeyDown={props.onPick && moveFocus}>
      <caption class="only-heard">{name}</caption>
      <thead>
        <tr>
          {shape.length > 1 && <td />}
          {counted(columns).map((column) => (
            <th key={column} scope="col">
              {columnNames(column)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {counted(rows).map((row) => (
          <tr key={row}>
            {shape.length > 1 && <th scope="row">{rowNames(row)}</th>}
            {counted(columns).map((column) => {
              const value = values[row * columns + column] ?? Number.NaN;
              return (
                <td key={column} {...shade(value, scale)}>
                  <Cell {...props} row={row} column={column}>
                    {short(value, DIGITS)}
                  </Cell>
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cell(props: MatrixProps & { row: number; column: number; children: ComponentChildren }) {
  const { row, column, onPick, isPicked, children } = props;
  if (!onPick) return <>{children}</>;
  const chosen = isPicked?.(row, column) ?? false;
  return (
    <button
      type="button"
      class="pick"
      aria-pressed={chosen}
      tabIndex={chosen || (row === 0 && column === 0) ? 0 : -1}
      onClick={() => onPick(row, column)}
    >
      {children}
    </button>
  );
}

/** Return the colour of a number, by its sign and its size relative to the largest. */
function shade(value: number, scale: number) {
  if (!Number.isFinite(value) || value === 0 || scale === 0) return {};
  const fraction = Math.round((100 * Math.abs(value)) / scale);
  return { class: value > 0 ? "above" : "below", style: { "--fraction": `${fraction}%` } };
}

const WAYS: Record<string, [down: number, right: number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** Arrow keys move from number to number. */
function moveFocus(event: KeyboardEvent): void {
  const way = WAYS[event.key];
  const cell = (event.target as Element).closest("td");
  const row = cell?.closest("tr");
  if (!way || !cell || !row) return;
  event.preventDefault();
  const lines = [...(row.parentElement?.children ?? [])];
  const line = lines[lines.indexOf(row) + way[0]];
  const place = [...row.children].indexOf(cell) + way[1];
  line?.children[place]?.querySelector<HTMLElement>("button")?.focus();
}

export function counted(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
