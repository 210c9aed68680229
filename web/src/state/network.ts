/** The network of the newest frame: its matrices as views of the parameters. */

import { computed } from "@preact/signals";
import type { Numbers } from "../wire/frames";
import type { Place } from "../wire/protocol/events";
import { frame, readable, state } from "./session";

type Shown = typeof frame.value;

/** Number of units of every layer, inputs first. */
export const sizes = computed<number[]>(() => {
  const layers = state.value?.network.layers ?? [];
  return layers.length === 0
    ? []
    : [layers[0]?.fan_in ?? 0, ...layers.map((layer) => layer.fan_out)];
});

export const weights = computed(() => views(state.value?.network.weights, frame.value));
export const biases = computed(() => views(state.value?.network.biases, frame.value));
/** The weights to draw as lines, the slowest part of a network's picture. */
export const drawnWeights = computed(() => views(state.value?.network.weights, readable.value));

function views(places: readonly Place[] | undefined, shown: Shown): Numbers[] {
  const parameters = shown?.arrays.get("parameters")?.values;
  if (!parameters || !places) return [];
  return places.map(({ start, shape }) =>
    parameters.subarray(start, start + shape.reduce((product, length) => product * length, 1)),
  );
}
