/** The network: layers to add and remove, units as maps, weights as lines. */

import { useComputed, useSignal } from "@preact/signals";
import { signColour } from "../drawing/colours";
import { lineKey } from "../drawing/legend";
import { drawEdges, drawUnits, type Marked } from "../drawing/network";
import {
  type Edge,
  edgeAt,
  type Layout,
  layOut,
  type Node,
  nodeAt,
} from "../drawing/networkLayout";
import { BESIDE, drawNetworkWords, LEAST_SIDE, roomFor } from "../drawing/networkWords";
import type { Picture } from "../drawing/picture";
import type { Surface } from "../drawing/surface";
import { unitMaps } from "../state/maps";
import { setWidths, widths } from "../state/model";
import { biases, drawnWeights, sizes, weights } from "../state/network";
import { isClassification, targetRange } from "../state/plane";
import { send, state } from "../state/session";
import type { State } from "../wire/protocol/events";
import { asControl } from "./controls";
import { useDrawing } from "./drawing";
import { Icon } from "./Icon";
import { MarkedWeight } from "./MarkedWeight";
import type { View } from "./TabbedPanel";
import { WeightTable } from "./WeightTable";
import { useWatched } from "./watching";

const MOST_LAYERS = 10;
const NEW_LAYER = 4;

export const network: View = {
  name: "Network",
  Body: NetworkView,
  Tools: NetworkTools,
  picture: networkPicture,
};

/** The outputs' maps are parts of the region. */
const UNITS = { units: 24, region: 24 };

function NetworkView() {
  useWatched(UNITS);
  const room = useSignal({ width: 0, height: 0 });
  const pointed = useSignal<Edge | Node | null>(null);
  const chosen = useSignal<Edge | Node | null>(null);
  const layout = useComputed<Layout | null>(() => {
    const { width, height } = room.value;
    if (width === 0 || sizes.value.length === 0) return null;
    return layOutBeside(width, height);
  });
  const marked = useComputed(() => chosen.value ?? pointed.value);
  const below = useDrawing((surface) => {
    const { width, height } = surface;
    if (room.peek().width !== width || room.peek().height !== height) {
      room.value = { width, height };
    }
    if (!layout.value) return;
    drawEdges(surface, layout.value, { weights: drawnWeights.value, marked: marked.value });
  });
  const above = useDrawing((surface) => {
    if (layout.value) drawAllUnits(surface, layout.value, marked.value);
  });
  const find = (event: PointerEvent | MouseEvent) => {
    const box = above.current?.getBoundingClientRect();
    if (!box || !layout.value) return null;
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    return nodeAt(layout.value, x, y) ?? edgeAt(layout.value, x, y);
  };
  return (
    <>
      {layout.value && <LayerHeads layout={layout.value} />}
      <div class="drawing">
        <canvas ref={below} aria-hidden="true" />
        <canvas
          ref={above}
          aria-hidden="true"
          onPointerMove={(event) => {
            pointed.value = find(event);
          }}
          onPointerLeave={() => {
            pointed.value = null;
          }}
          onClick={(event) => {
            const found = find(event);
            // An input has no editable value.
            chosen.value = found?.layer === 0 ? null : found;
          }}
        />
        {layout.value && <Names layout={layout.value} />}
        {!state.value && (
          <p class="starting" role="status">
            Python is getting ready …
          </p>
        )}
      </div>
      <MembersNote />
      <MarkedWeight marked={marked.value} chosen={chosen} />
      <WeightTable />
    </>
  );
}

function MembersNote() {
  const count = state.value?.network.n_members ?? 1;
  if (count === 1) return null;
  return <p class="about">The first of {count} members, whose mean is the prediction.</p>;
}

/** Return the space that names need on both sides of the network; none if the boxes are too small for names. */
function layOutBeside(width: number, height: number): Layout {
  const data = state.value?.data;
  const names = [data?.inputs ?? [], data ? outputNames(data) : []] as const;
  const room = { width, height, top: 8, bottom: 8 };
  const bare = layOut(sizes.value, {
    ...room,
    left: roomFor([], width),
    right: roomFor([], width),
  });
  const [left, right] = [bare.sides[0] ?? 0, bare.sides.at(-1) ?? 0].map((side, end) =>
    roomFor(side < LEAST_SIDE ? [] : (names[end] ?? []), width),
  );
  return layOut(sizes.value, { ...room, left: left ?? 0, right: right ?? 0 });
}

function NetworkTools() {
  return (
    <>
      {state.value && <LayerCount />}
      <button
        type="button"
        class="button quiet"
        aria-label="Undo"
        disabled={!state.value?.can_undo}
        onClick={() => send({ do: "undo" })}
      >
        <Icon name="undo" /> <span class="wide">Undo</span>
      </button>
    </>
  );
}

function drawAllUnits(surface: Surface, layout: Layout, marked: Marked): void {
  drawUnits(surface, layout, {
    biases: biases.value,
    maps: unitMaps.value,
    output: isClassification.value ? "classes" : targetRange.value,
    marked,
  });
}

const PICTURE = { width: 780, height: 460 };
/** Space for text above the units, and for names on both sides. */
const WORDS = { top: 26, bottom: 8, left: 110, right: 120 };

function networkPicture(): Picture | null {
  const now = state.value;
  if (!now) return null;
  const { layers } = now.network;
  const { inputs } = now.data;
  const heads = [
    plural(inputs.length, "input"),
    ...layers.map(({ fan_out, activation }, layer) =>
      layer === layers.length - 1 ? plural(fan_out, "output") : `${fan_out} ${activation}`,
    ),
  ];
  const paint = (surface: Surface) => {
    const layout = layOut(sizes.value, { ...PICTURE, ...WORDS });
    drawEdges(surface, layout, { weights: weights.value, marked: null });
    drawAllUnits(surface, layout, null);
    drawNetworkWords(surface, layout, { inputs, outputs: outputNames(now.data), heads });
  };
  return { title: "Network", ...PICTURE, draw: paint, legend: SIGNS };
}

const SIGNS = [
  lineKey("negative weight", (theme) => signColour(-1, theme)),
  lineKey("positive weight", (theme) => signColour(1, theme)),
];

function LayerCount() {
  const layers = widths();
  const kept = layers.map((_, layer) => layer);
  return (
    <div class="count" role="group" aria-label="Hidden layers" {...asControl("layers")}>
      <button
        type="button"
        class="button"
        aria-label="Remove the last hidden layer"
        disabled={layers.length === 0}
        onClick={() => setWidths(layers.slice(0, -1), kept.slice(0, -1))}
      >
        <Icon name="minus" />
      </button>
      <span>
        {layers.length} hidden {layers.length === 1 ? "layer" : "layers"}
      </span>
      <button
        type="button"
        class="button"
        aria-label="Add a hidden layer"
        disabled={layers.length >= MOST_LAYERS}
        onClick={() =>
          setWidths([...layers, layers.at(-1) ?? NEW_LAYER], [...kept, layers.length - 1])
        }
      >
        <Icon name="plus" />
      </button>
    </div>
  );
}

function LayerHeads({ layout }: { layout: Layout }) {
  const layers = widths();
  const pitch = (layout.columns[1] ?? 0) - (layout.columns[0] ?? 0);
  return (
    <div class={pitch < 92 ? "heads narrow" : "heads"}>
      <Head at={layout.columns[0]} pitch={pitch} within={layout.width}>
        <span class="muted">{plural(layout.sizes[0] ?? 0, "input")}</span>
      </Head>
      {layers.map((width, layer) => (
        <Head key={layer} at={layout.columns[layer + 1]} pitch={pitch} within={layout.width}>
          <UnitCount layers={layers} layer={layer} width={width} />
        </Head>
      ))}
      <Head at={layout.columns.at(-1)} pitch={pitch} within={layout.width}>
        <span class="muted">{plural(layout.sizes.at(-1) ?? 0, "output")}</span>
      </Head>
    </div>
  );
}

interface HeadProps {
  at: number | undefined;
  pitch: number;
  within: number;
  children: preact.ComponentChildren;
}

function Head({ at = 0, pitch, within, children }: HeadProps) {
  const width = Math.min(pitch, 2 * at, 2 * (within - at));
  return (
    <div class="head" style={{ left: `${at}px`, width: `${width}px` }}>
      {children}
    </div>
  );
}

function UnitCount(props: { layers: number[]; layer: number; width: number }) {
  const { layers, layer, width } = props;
  const name = `hidden layer ${layer + 1}`;
  const become = (units: number) =>
    setWidths(
      layers.with(layer, units),
      layers.map((_, index) => index),
    );
  return (
    <div class="count" role="group" aria-label={name}>
      <button
        type="button"
        class="button"
        aria-label={`Remove a unit from ${name}`}
        disabled={width <= 1}
        onClick={() => become(width - 1)}
      >
        <Icon name="minus" />
      </button>
      <span title={`${width} units`}>{width}</span>
      <button
        type="button"
        class="button"
        aria-label={`Add a unit to ${name}`}
        onClick={() => become(width + 1)}
      >
        <Icon name="plus" />
      </button>
    </div>
  );
}

/** The names of inputs and outputs next to their boxes, if there is space. */
function Names({ layout }: { layout: Layout }) {
  const data = state.value?.data;
  if (!data) return null;
  const inputs = layout.layers[0] ?? [];
  const outputs = layout.layers.at(-1) ?? [];
  const ends = outputNames(data);
  const distance = (layer: number) => (layout.sides[layer] ?? 0) / 2 + BESIDE;
  const isLarge = (layer: number) => (layout.sides[layer] ?? 0) >= LEAST_SIDE;
  const last = layout.layers.length - 1;
  return (
    <div class="names">
      {isLarge(0) &&
        inputs.map((node) => (
          <span
            key={node.unit}
            class="input-name"
            title={data.inputs[node.unit]}
            style={{
              top: `${node.y}px`,
              right: `${layout.width - node.x + distance(0)}px`,
              maxInlineSize: `${node.x - distance(0)}px`,
            }}
          >
            {data.inputs[node.unit]}
          </span>
        ))}
      {isLarge(last) &&
        outputs.map((node) => (
          <span
            key={node.unit}
            class="output-name"
            title={ends[node.unit]}
            style={{
              top: `${node.y}px`,
              left: `${node.x + distance(last)}px`,
              maxInlineSize: `${layout.width - node.x - distance(last)}px`,
            }}
          >
            {ends[node.unit]}
          </span>
        ))}
    </div>
  );
}

/** For two classes, the single output is the probability of the second. */
function outputNames({ task, target, classes }: State["data"]): readonly string[] {
  if (task === "regression") return [target];
  return sizes.value.at(-1) === 1 ? [`p of ${classes[1] ?? "1"}`] : classes;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
