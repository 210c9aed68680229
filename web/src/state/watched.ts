/** Contents of frames: only those that a view on the page requests. */

import { signal } from "@preact/signals";
import type { Watched } from "../wire/protocol/commands";

const NOTHING: Required<Watched> = {
  region: 0,
  units: 0,
  confusion: false,
  fit: false,
  lesson: null,
};

const requests = signal<readonly Watched[]>([]);

/** Request contents for a view; return a function that withdraws the request. */
export function watch(contents: Watched): () => void {
  requests.value = [...requests.peek(), contents];
  return () => {
    requests.value = requests.peek().filter((each) => each !== contents);
  };
}

/** Return all requests as one: the finest grid that any view requests. */
export function watched(): Required<Watched> {
  const all = { ...NOTHING };
  for (const { region, units, ...asked } of requests.value) {
    all.region = Math.max(all.region, region ?? 0);
    all.units = Math.max(all.units, units ?? 0);
    Object.assign(all, asked);
  }
  return all;
}
