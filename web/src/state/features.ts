/** Features that units of a network for images respond to, and misclassified images. */

import { computed, signal } from "@preact/signals";
import type { BinaryMessage, Numbers } from "../wire/frames";
import type { FeaturesHeader, MistakesHeader } from "../wire/protocol/headers";
import { getBinary } from "../wire/requests";
import { keepAsking } from "./asking";
import { weights } from "./network";
import { classes } from "./plane";
import { frame, state } from "./session";

export const imageShape = computed(() => state.value?.data.image_shape ?? null);

export const MISTAKES = "mistakes";
/** A layer's number, or the misclassified samples. */
export const subject = signal<number | typeof MISTAKES>(0);
export const unit = signal(0);
export const ownScale = signal(false);

const features = signal<BinaryMessage<FeaturesHeader> | null>(null);
const mistaken = signal<BinaryMessage<MistakesHeader> | null>(null);

export const layers = computed(() => state.value?.network.layers ?? []);

/** The displayed layer; null for the mistakes. If the network has fewer layers, its last one. */
export const layer = computed(() => {
  const chosen = subject.value;
  if (chosen === MISTAKES) return classes.value.length > 0 ? null : 0;
  return Math.max(0, Math.min(layers.value.length - 1, chosen));
});

export const chosenUnit = computed(() =>
  layer.value === null ? 0 : Math.min(unit.value, (layers.value[layer.value]?.fan_out ?? 1) - 1),
);

const MOST_UNITS = 64;

/** One image for each unit: the first layer's weights, or the mean gradients of a deeper layer's a. */
export const images = computed<Numbers[]>(() => {
  if (layer.value === null) return [];
  const count = Math.min(MOST_UNITS, layers.value[layer.value]?.fan_out ?? 0);
  if (layer.value === 0) return columns(weights.value[0], layers.value[0]?.fan_out ?? 1, count);
  const gradients = news.value?.arrays.get("gradients");
  if (!gradients || news.value?.header.layer !== layer.value) return [];
  const [units = 0, length = 0] = gradients.shape;
  return Array.from({ length: Math.min(units, count) }, (_, at) =>
    gradients.values.subarray(at * length, (at + 1) * length),
  );
});

/** The first columns of a matrix, row-major. */
export function columns(matrix: Numbers | undefined, width: number, count: number): Float64Array[] {
  if (!matrix) return [];
  return Array.from({ length: count }, (_, column) =>
    Float64Array.from(
      { length: matrix.length / width },
      (_, row) => matrix[row * width + column] as number,
    ),
  );
}

const news = computed(() => ofThisRun(features.value));

export interface Image {
  readonly row: number;
  readonly values: Numbers;
  readonly target: number;
}

export interface Exciting extends Image {
  readonly a: number;
}

/** The samples with the largest activations of the chosen unit. */
export const exciting = computed<Exciting[]>(() => {
  const { header, arrays } = news.value ?? {};
  if (!header || header.layer !== layer.value || header.unit !== chosenUnit.value) return [];
  const a = arrays?.get("activations")?.values;
  return imagesOf(arrays).map((image, at) => ({ ...image, a: a?.[at] ?? Number.NaN }));
});

export interface Mistake extends Image {
  readonly taken: number;
  readonly probability: number;
}

export const mistakes = computed<Mistake[]>(() => {
  const arrays = ofThisRun(mistaken.value)?.arrays;
  return imagesOf(arrays).map((image, at) => ({
    ...image,
    taken: arrays?.get("taken")?.values[at] ?? 0,
    probability: arrays?.get("probabilities")?.values[at] ?? Number.NaN,
  }));
});

export const mistakesSaid = computed(() => ofThisRun(mistaken.value)?.header ?? null);
export const gradientRows = computed(() => news.value?.header.n_samples ?? 0);

/** Values drawn as background and as ink. */
export const pixelEnds = computed<[number, number]>(
  () => news.value?.header.pixels ?? mistakesSaid.value?.pixels ?? [0, 1],
);

function ofThisRun<Header extends { run: number }>(
  message: BinaryMessage<Header> | null,
): BinaryMessage<Header> | null {
  return message?.header.run === state.value?.run.id ? message : null;
}

function imagesOf(arrays: BinaryMessage<unknown>["arrays"] | undefined): Image[] {
  const [found, rows, targets] = ["images", "rows", "targets"].map((name) => arrays?.get(name));
  if (!found || !rows || !targets) return [];
  const length = found.shape[1] ?? 0;
  return Array.from(rows.values, (row, at) => ({
    row,
    values: found.values.subarray(at * length, (at + 1) * length),
    target: targets.values[at] ?? 0,
  }));
}

/** Request the displayed layer until the returned function is called. */
export function watchFeatures(): () => void {
  const snapshot = () => {
    const header = frame.value?.header;
    return `${state.value?.run.id} ${header?.epoch} ${header?.batch}`;
  };
  const stops = [
    keepAsking({
      name: "features",
      query: () =>
        imageShape.value && layer.value !== null
          ? { layer: layer.value, unit: chosenUnit.value }
          : null,
      snapshot,
      ask: (query) => getBinary<FeaturesHeader>("/api/ask/features", query),
      onAnswer: (answer) => {
        features.value = answer;
      },
    }),
    keepAsking({
      name: MISTAKES,
      query: () => (imageShape.value && layer.value === null ? {} : null),
      snapshot,
      ask: (query) => getBinary<MistakesHeader>("/api/ask/mistakes", query),
      onAnswer: (answer) => {
        mistaken.value = answer;
      },
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
