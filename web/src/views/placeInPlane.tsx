/** A place in a plane that is looked at: by pointer and by arrow keys, where it is marked, and the plane as a table. */

import type { ComponentChild } from "preact";
import { type Extent, planeFrame } from "../drawing/plane";
import { fixed } from "./numbers";

export type Place = [x: number, y: number];

/** Where the pointer is, within the frame. */
export function placeAt(event: PointerEvent, extent: Extent): Place | null {
  const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
  const frame = planeFrame(box.width, box.height, extent);
  const [x, y] = [frame.atX(event.clientX - box.left), frame.atY(event.clientY - box.top)];
  const inside = x >= extent.x[0] && x <= extent.x[1] && y >= extent.y[0] && y <= extent.y[1];
  return inside ? [x, y] : null;
}

/** To the right and upwards. */
export const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/** Where the place is, in percent of the frame's box, so that it follows the canvas below. */
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
  /** From the top downwards. */
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
