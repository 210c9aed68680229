/** The landscape as tables: losses at positions of the slice, and the path of the run. */

import { type Landscape, lossAt } from "../state/landscape";
import { spread } from "./CurvesView";
import { fixed, short, whole } from "./numbers";
import { PlaneTable } from "./placeInPlane";
import { Twin } from "./Twin";

const COUNT = 5;
const STATIONS = 9;

export function LandscapeTable({ here }: { here: Landscape }) {
  return (
    <Twin name="The landscape">
      {() => (
        <>
          <Losses here={here} />
          {here.path && <Way here={here} />}
        </>
      )}
    </Twin>
  );
}

function Losses({ here }: { here: Landscape }) {
  const across = spread(here.first.length, COUNT).map((at) => here.first[at] as number);
  const upwards = spread(here.second.length, COUNT)
    .map((at) => here.second[at] as number)
    .reverse();
  return (
    <PlaneTable
      caption={<caption>Losses; the first direction goes to the right, the second upwards</caption>}
      across={across}
      upwards={upwards}
      said={(x, y) => short(lossAt(here, x, y).loss, 4)}
    />
  );
}

function Way({ here: { path } }: { here: Landscape }) {
  if (!path) return null;
  return (
    <table>
      <caption>The way of the run: its places in the slice, and its own losses</caption>
      <thead>
        <tr>
          {["epoch", "first", "second", "loss"].map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {spread(path.epochs.length, STATIONS).map((at) => (
          <tr key={at}>
            <th scope="row">{whole(path.epochs[at] as number)}</th>
            <td>{fixed(path.positions[2 * at], 2)}</td>
            <td>{fixed(path.positions[2 * at + 1], 2)}</td>
            <td>{short(path.losses[at], 4)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
