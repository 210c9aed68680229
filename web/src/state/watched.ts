/** What frames carry: only what a view on the page wants. */

import { signal } from "@preact/signals";
import type { Watched } from "../wire/protocol";

const NOTHING: Required<Watched> = {
  region: 0,
  units: 0,
  confusion: false,
  fit: false,
  lesson: null,
};

const wishes = signal<readonly Watched[]>([]);

/** A view wants this; it is told how to want it no more. */
export function want(wish: Watched): () => void {
  wishes.value = [...wishes.peek(), wish];
  return () => {
    wishes.value = wishes.peek().filter((each) => each !== wish);
  };
}

/** All wishes as one: the finest grid that any view asks for. */
export function watched(): Required<Watched> {
  const all = { ...NOTHING };
  for (const { region, units, ...asked } of wishes.value) {
    all.region = Math.max(all.region, region ?? 0);
    all.units = Math.max(all.units, units ?? 0);
    Object.assign(all, asked);
  }
  return all;
}
