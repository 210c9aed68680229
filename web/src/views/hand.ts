/** Drawing on the board: pointer and keys add points to the plane, and erase them. */

import type { ReadonlySignal, Signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { type PlaneFrame, planeFrame } from "../drawing/plane";
import {
  beginStroke,
  board,
  boardPlane,
  choosePen,
  endStroke,
  erases,
  put,
  take,
  undo,
} from "../state/board";
import type { Place } from "./placeInPlane";

/** In pixels: distance of the points of a drag, their scatter around its path, and the eraser's radius. */
const APART = 9;
const SCATTER = 10;
const REACH = 12;

interface Stroke {
  readonly takes: boolean;
  /** Position of the latest point, in pixels. */
  last: Place;
}

/** Draw with pointer and keys, except while `isBusy`: then a click selects a row. */
export function useHand(place: Signal<Place | null>, isBusy: ReadonlySignal<boolean>) {
  const stroke = useRef<Stroke | null>(null);
  const isByKeys = useRef(false);
  const down = (event: PointerEvent) => {
    if (!board.value || isBusy.value || event.button === 1) return;
    const at = pixelsOf(event);
    const takes = erases.value || event.button === 2;
    stroke.current = { takes, last: at };
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    beginStroke();
    act(event, at, takes);
  };
  const move = (event: PointerEvent) => {
    isByKeys.current = false;
    const now = stroke.current;
    if (!now) return;
    const at = pixelsOf(event);
    if (!now.takes && Math.hypot(at[0] - now.last[0], at[1] - now.last[1]) < APART) return;
    now.last = at;
    act(event, now.takes ? at : scattered(at), now.takes);
  };
  const up = () => {
    if (!stroke.current) return;
    stroke.current = null;
    endStroke();
  };
  /** Handle a key; return true if the board used it. */
  const key = (event: KeyboardEvent): boolean => {
    if (event.key.startsWith("Arrow")) isByKeys.current = true;
    if (!board.value || isBusy.value) return false;
    const frame = frameOf(event.currentTarget as HTMLElement);
    return frame !== null && press(event, place, frame, isByKeys.current);
  };
  return { down, move, up, key };
}

function act(event: PointerEvent, at: Place, takes: boolean): void {
  const frame = frameOf(event.currentTarget as HTMLElement);
  if (!frame) return;
  if (takes) takeAround(frame, at);
  else putAt(frame.atX(at[0]), frame.atY(at[1]));
}

function putAt(x: number, y: number): void {
  const plane = boardPlane.value;
  if (!plane || x < plane.x[0] || x > plane.x[1] || y < plane.y[0] || y > plane.y[1]) return;
  put(x, y);
}

function takeAround(frame: PlaneFrame, [x, y]: Place): void {
  take(([right = 0, up = 0]) => Math.hypot(frame.x(right) - x, frame.y(up) - y) <= REACH);
}

function press(
  event: KeyboardEvent,
  place: Signal<Place | null>,
  frame: PlaneFrame,
  isByKeys: boolean,
): boolean {
  const { key } = event;
  const plane = boardPlane.value;
  if (!plane) return false;
  if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "z") {
    undo();
    return true;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const label = classOf(key);
  if (label !== null) choosePen(label);
  const puts = key === "Enter" || key === " " || (label !== null && isByKeys);
  const takes = key === "Delete" || key === "Backspace";
  if (!puts && !takes) return label !== null;
  place.value ??= [(plane.x[0] + plane.x[1]) / 2, (plane.y[0] + plane.y[1]) / 2];
  const [x, y] = place.value;
  beginStroke();
  if (takes || (erases.value && label === null)) takeAround(frame, [frame.x(x), frame.y(y)]);
  else putAt(x, y);
  endStroke();
  return true;
}

/** Return the class that a digit key chooses, from 0. */
export function classOf(key: string): number | null {
  return /^[1-8]$/.test(key) ? Number(key) - 1 : null;
}

function frameOf(element: HTMLElement): PlaneFrame | null {
  const plane = boardPlane.value;
  return plane && planeFrame(element.clientWidth, element.clientHeight, plane);
}

function pixelsOf(event: PointerEvent): Place {
  const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

/** Return a random position near another, uniform over a disk. */
function scattered([x, y]: Place): Place {
  const [angle, distance] = [2 * Math.PI * Math.random(), SCATTER * Math.sqrt(Math.random())];
  return [x + distance * Math.cos(angle), y + distance * Math.sin(angle)];
}
