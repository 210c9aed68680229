/** The distributions as a table: the quartiles of every layer at the epoch that is shown. */

import { columnAt, distributions, shownEpoch } from "../state/distributions";
import { percent, short, whole } from "./numbers";
import { Twin } from "./Twin";

const SHARES = [
  { share: 0, name: "lowest" },
  { share: 0.25, name: "quarter below" },
  { share: 0.5, name: "median" },
  { share: 0.75, name: "quarter above" },
  { share: 1, name: "highest" },
];

export function DistributionsTable() {
  return <Twin of="The distributions">{() => <Table />}</Twin>;
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
          {SHARES.map(({ name }) => (
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
          const shares = now.shares[layer];
          const start = (column * now.layers + layer) * now.levels;
          return (
            <tr key={name}>
              <th scope="row">{name}</th>
              {SHARES.map(({ share }) => (
                <td key={share}>{short(now.quantiles[start + share * (now.levels - 1)])}</td>
              ))}
              <td>{percent(shares?.zero)}</td>
              {isOfUnits && <td>{percent(shares?.flat)}</td>}
              {isOfUnits && (
                <td>{Number.isNaN(shares?.flat) ? "–" : `${shares?.idle} of ${shares?.units}`}</td>
              )}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
