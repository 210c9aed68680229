/** The inspected position in a plane: pointer and arrow keys move it, a mark shows it, and a table lists the plane. */

import type { ComponentChild } from "preact";
import { type Extent, planeFrame } from "../drawing/plane";
import { fixed } from "./numbers";

export type Place = [x: number, y: number];

/** Return the coordinates at the pointer; null outside the frame. */
export function placeAt(event: PointerEvent, extent: Extent): Place | null {
  const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
  const frame = planeFrame(box.width, box.height, extent);
  const [x, y] = [frame.atX(event.clientX - box.left), frame.atY(event.clientY - box.top)];
  const inside = x >= extent.x[0] && x <= extent.x[1] && y >= extent.y[0] && y <= extent.y[1];
  return inside ? [x, y] : null;
}

/** Direction of each arrow key: to the right, and upwards. */
export const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/** Mark of a position, in percent of the frame's box, so that it follows the canvas below it. */
export function Crosshair(props: { place: Place; extent: Extent; look?: string }) {
  const { place, extent, look = "crosshair" } = props;
  const fraction = (value: number, [low, high]: readonly [number, number]) =>
    (value - low) / (high - low);
  return (
    <div class="crosshair-room" aria-hidden="true">
      <div
        class={look}
        style={{
          left: `${100 * fraction(place[0], extent.x)}%`,
          bottom: `${100 * fraction(place[1], extent.y)}%`,
        }}
      />
    </div>
  );
}

interface PlaneTableProps {
  caption: ComponentChild;
  across: readonly number[];
  /** Vertical positions, from top to bottom. */
  upwards: readonly number[];
  rowName?: string | undefined;
  said: (x: number, y: number) => string;
}

export function PlaneTable({ caption, across, upwards, rowName, said }: PlaneTableProps) {
  return (
    <table>
      {caption}
      <thead>
        <tr>
          <td />
          {across.map((x) => (
            <th key={x} scope="col">
              {fixed(x, 2)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {upwards.map((y) => (
          <tr key={y}>
            <th scope="row">{rowName ?? fixed(y, 2)}</th>
            {across.map((x) => (
              <td key={x}>{said(x, y)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
