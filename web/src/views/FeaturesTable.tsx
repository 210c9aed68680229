/** Features as a table: the pixels with the largest effect on each unit, or the misclassified samples. */

import { imageShape, images, layer, mistakes } from "../state/features";
import { className, unitName } from "./FeaturesView";
import { percent, short } from "./numbers";
import { Twin } from "./Twin";

export function FeaturesTable() {
  return <Twin name="The features">{() => (layer.value === null ? <Mistakes /> : <Units />)}</Twin>;
}

function Units() {
  const layerIndex = layer.value ?? 0;
  return (
    <table>
      <caption>The pixels that move each unit most, by line and column from 0</caption>
      <thead>
        <tr>
          <th scope="col">unit</th>
          <th scope="col">up most</th>
          <th scope="col">down most</th>
        </tr>
      </thead>
      <tbody>
        {images.value.map((values, index) => (
          <tr key={index}>
            <th scope="row">{unitName(layerIndex, index)}</th>
            <td>{pixel(values, Math.max)}</td>
            <td>{pixel(values, Math.min)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function pixel(values: ArrayLike<number>, best: (...values: number[]) => number): string {
  const all = Array.from(values);
  const value = best(...all);
  const place = all.indexOf(value);
  const columns = imageShape.value?.[1] ?? 1;
  return `${Math.floor(place / columns)}, ${place % columns}: ${short(value)}`;
}

function Mistakes() {
  return (
    <table>
      <caption>Test rows taken for another class, the surest first</caption>
      <thead>
        <tr>
          <th scope="col">row</th>
          <th scope="col">taken for</th>
          <th scope="col">probability</th>
          <th scope="col">is</th>
        </tr>
      </thead>
      <tbody>
        {mistakes.value.map(({ row, taken, probability, target }) => (
          <tr key={row}>
            <th scope="row">{row}</th>
            <td>{className(taken)}</td>
            <td>{percent(probability)}</td>
            <td>{className(target)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
