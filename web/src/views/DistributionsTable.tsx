/** The distributions as a table: quartiles of every layer at the displayed epoch. */

import { columnAt, distributions, shownEpoch } from "../state/distributions";
import { percent, short, whole } from "./numbers";
import { Twin } from "./Twin";

const FRACTIONS = [
  { fraction: 0, name: "lowest" },
  { fraction: 0.25, name: "quarter below" },
  { fraction: 0.5, name: "median" },
  { fraction: 0.75, name: "quarter above" },
  { fraction: 1, name: "highest" },
];

export function DistributionsTable() {
  return <Twin name="The distributions">{() => <Table />}</Twin>;
}

function Table() {
  const now = distributions.value;
  if (!now) return null;
  const column = columnAt(now.epochs, shownEpoch.value ?? Number.POSITIVE_INFINITY);
  const isOfUnits = now.quantity === "activations";
  return (
    <table>
      <caption>
        {now.quantity} at epoch {whole(Math.floor(now.epochs[column] ?? 0))}
      </caption>
      <thead>
        <tr>
          <td />
          {FRACTIONS.map(({ name }) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
          <th scope="col">zero</th>
          {isOfUnits && <th scope="col">flat</th>}
          {isOfUnits && <th scope="col">dead or saturated</th>}
        </tr>
      </thead>
      <tbody>
        {now.names.map((name, layer) => {
          const fractions = now.fractions[layer];
          const start = (column * now.layers + layer) * now.levels;
          return (
            <tr key={name}>
              <th scope="row">{name}</th>
              {FRACTIONS.map(({ fraction }) => (
                <td key={fraction}>{short(now.quantiles[start + fraction * (now.levels - 1)])}</td>
              ))}
              <td>{percent(fractions?.zero)}</td>
              {isOfUnits && <td>{percent(fractions?.flat)}</td>}
              {isOfUnits && (
                <td>
                  {Number.isNaN(fractions?.flat)
                    ? "–"
                    : `${fractions?.idle} of ${fractions?.units}`}
                </td>
              )}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
