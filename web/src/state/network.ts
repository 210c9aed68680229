/** The network as it stands in the newest frame: its matrices as views of the engine's parameters. */

import { computed } from "@preact/signals";
import type { Numbers } from "../wire/frames";
import type { Place } from "../wire/protocol";
import { frame, readable, state } from "./session";

type Shown = typeof frame.value;

/** The units of every layer, the inputs first. */
export const sizes = computed<number[]>(() => {
  const layers = state.value?.network.layers ?? [];
  return layers.length === 0
    ? []
    : [layers[0]?.fan_in ?? 0, ...layers.map((layer) => layer.fan_out)];
});

export const weights = computed(() => views(state.value?.network.weights, frame.value));
export const biases = computed(() => views(state.value?.network.biases, frame.value));
/** The weights as lines, which take longer to draw than all else of a network. */
export const drawnWeights = computed(() => views(state.value?.network.weights, readable.value));

function views(places: readonly Place[] | undefined, shown: Shown): Numbers[] {
  const parameters = shown?.arrays.get("parameters")?.values;
  if (!parameters || !places) return [];
  return places.map(({ start, shape }) =>
    parameters.subarray(start, start + shape.reduce((product, length) => product * length, 1)),
  );
}
