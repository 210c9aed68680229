/** Distributions of each layer's weights, gradients and activations over the epochs, computed by the server. */

import { computed, signal } from "@preact/signals";
import type { Spread } from "../drawing/distributions";
import type { BinaryMessage } from "../wire/frames";
import type { DistributionsHeader } from "../wire/protocol/headers";
import { getBinary } from "../wire/requests";
import { keepAsking } from "./asking";
import { epoch, frame, state } from "./session";

export const QUANTITIES = ["weights", "gradients", "activations"] as const;
export type Quantity = (typeof QUANTITIES)[number];

export const quantity = signal<Quantity>("weights");
export const oneScale = signal(true);

const answer = signal<BinaryMessage<DistributionsHeader> | null>(null);
/** Number of answers that were incomplete. */
const rounds = signal(0);

export interface Distributions extends Spread {
  readonly quantity: Quantity;
  readonly names: readonly string[];
  /** Values of each layer in the newest column, or in that of the displayed epoch. */
  readonly fractions: readonly Fractions[];
  readonly nSamples: number;
}

export interface Fractions {
  readonly zero: number;
  /** NaN for activations that are nowhere flat. */
  readonly flat: number;
  readonly idle: number;
  readonly units: number;
  readonly saturates: boolean;
}

export const distributions = computed<Distributions | null>(() => {
  const layers = state.value?.network.layers ?? [];
  const [header, arrays] = [answer.value?.header, answer.value?.arrays];
  if (!header || !arrays || header.run !== state.value?.run.id) return null;
  const epochs = arrays.get("epochs")?.values ?? new Float64Array();
  const quantiles = arrays.get("quantiles")?.values ?? new Float64Array();
  const at = columnAt(epochs, shownEpoch.value ?? Number.POSITIVE_INFINITY);
  const one = (name: string, layer: number) =>
    arrays.get(name)?.values[at * layers.length + layer] ?? Number.NaN;
  return {
    quantity: header.quantity,
    epochs,
    quantiles,
    layers: layers.length,
    levels: header.levels.length,
    names: layers.map(({ name }) => name.replace("_", " ")),
    nSamples: header.n_samples,
    fractions: layers.map(({ fan_out }, layer) => ({
      zero: one("zeros", layer),
      flat: one("flat", layer),
      idle: one("idle", layer),
      units: fan_out,
      saturates: header.saturates[layer] ?? false,
    })),
  };
});

/** The displayed epoch; null for the latest. */
export const shownEpoch = computed(() =>
  frame.value?.header.is_latest === false ? epoch.value : null,
);

/** The column whose epoch is nearest. */
export function columnAt(epochs: ArrayLike<number>, epoch: number): number {
  let best = 0;
  for (let column = 1; column < epochs.length; column++) {
    const [far, near] = [epochs[column] as number, epochs[best] as number];
    if (Math.abs(far - epoch) < Math.abs(near - epoch) || epoch === Number.POSITIVE_INFINITY) {
      best = column;
    }
  }
  return best;
}

/** Request the chosen quantity until the returned function is called. */
export function watchDistributions(): () => void {
  return keepAsking({
    name: "distributions",
    query: () => (state.value ? { quantity: quantity.value } : null),
    snapshot: () => {
      const header = frame.value?.header;
      return `${state.value?.run.id} ${header?.epoch} ${header?.batch} ${rounds.value}`;
    },
    ask: (query) => getBinary<DistributionsHeader>("/api/ask/distributions", query),
    onAnswer: (news) => {
      answer.value = news;
      if (news.header.missing > 0) rounds.value = rounds.peek() + 1;
    },
  });
}
