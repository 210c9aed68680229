/** The plane as a table: predictions at five by five positions, for screen readers. */

import { answerAt, classes, extent, isClassification } from "../state/plane";
import { percent, short } from "./numbers";
import { PlaneTable } from "./placeInPlane";
import { Twin } from "./Twin";

const COUNT = 5;

export function RegionTable() {
  return <Twin name="The plane">{() => <Table />}</Twin>;
}

function Table() {
  const plane = extent.value;
  if (!plane) return null;
  const across = places(plane.x);
  const upwards = plane.kind === "line" ? [0] : places(plane.y).reverse();
  return (
    <PlaneTable
      caption={
        <caption class="only-heard">
          What the network says; {plane.x_name} grows to the right, {plane.y_name} upwards
        </caption>
      }
      across={across}
      upwards={upwards}
      rowName={plane.kind === "line" ? "prediction" : undefined}
      said={(x, y) => said(answerAt(x, y))}
    />
  );
}

function said(answer: number[] | null): string {
  if (!answer) return "–";
  if (!isClassification.value) return short(answer[0]);
  const winner = answer.indexOf(Math.max(...answer));
  return `${classes.value[winner] ?? winner} ${percent(answer[winner])}`;
}

function places([low, high]: readonly [number, number]): number[] {
  return Array.from({ length: COUNT }, (_, step) => low + ((step + 0.5) / COUNT) * (high - low));
}
