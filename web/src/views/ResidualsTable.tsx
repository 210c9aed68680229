/** The test samples with the largest residuals, as a table. */

import { rows } from "../state/fits";
import { short } from "./numbers";
import { Twin } from "./Twin";

const COUNT = 10;

export function ResidualsTable() {
  return <Twin name="The rows that are farthest off">{() => <Table />}</Twin>;
}

function Table() {
  const test = rows.value?.test;
  if (!test) return null;
  const farthest = Array.from({ length: test.residual.length }, (_, row) => row)
    .sort((one, other) => size(test.residual[other]) - size(test.residual[one]))
    .slice(0, COUNT);
  return (
    <table>
      <caption>The rows held out that are farthest off</caption>
      <thead>
        <tr>
          <th scope="col">row</th>
          <th scope="col">actual</th>
          <th scope="col">predicted</th>
          <th scope="col">residual</th>
        </tr>
      </thead>
      <tbody>
        {farthest.map((row) => (
          <tr key={row}>
            <th scope="row">{row}</th>
            <td>{short(test.actual[row], 4)}</td>
            <td>{short(test.predicted[row], 4)}</td>
            <td>{short(test.residual[row], 4)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function size(residual: number | undefined): number {
  return Math.abs(residual ?? 0);
}
