/** The network within the step: each unit's value for the sample, up to the stage reached. */

import { signColour } from "../drawing/colours";
import { lineKey } from "../drawing/legend";
import { layOut } from "../drawing/networkLayout";
import type { Picture } from "../drawing/picture";
import { drawStepDiagram, type StepPicture } from "../drawing/stepDiagram";
import type { Surface } from "../drawing/surface";
import { sizes } from "../state/network";
import { state } from "../state/session";
import { reached, type Stage, stages, step } from "../state/step";
import { useDrawing } from "./drawing";

export function StepDiagram() {
  const canvas = useDrawing(draw);
  return (
    <div class="step-diagram">
      <canvas ref={canvas} aria-hidden="true" />
      <p class="about" aria-hidden="true">
        {caption()}
      </p>
    </div>
  );
}

const PICTURE = { width: 720, height: 260 };

export function stepDiagram(): Picture | null {
  if (!step.value?.trace.numbers.length) return null;
  const row = step.value.trace.rows[0] ?? 0;
  return { title: `A step, row ${row}`, ...PICTURE, draw, legend: SIGNS };
}

const SIGNS = [
  lineKey("negative", (theme) => signColour(-1, theme)),
  lineKey("positive", (theme) => signColour(1, theme)),
];

function draw(surface: Surface): void {
  if (!step.value || sizes.value.length === 0) return;
  const { width, height } = surface;
  const room = { width, height, top: 6, bottom: 6, left: 14, right: 14 };
  drawStepDiagram(surface, layOut(sizes.value, room), stepPicture());
}

/** Return the first sample's numbers: each unit's activation while walking forward, its delta while walking back. */
function stepPicture(): StepPicture {
  const layers = state.value?.network.layers ?? [];
  const done = doneStages();
  const last = layers.length;
  const numbers = Array.from({ length: last + 1 }, (_, layer) => {
    const name = layer === 0 ? "inputs" : (layers[layer - 1]?.name ?? "");
    if (done.some(({ part, layer: owner }) => part === "backward" && owner === name)) {
      return isWalkingBack() ? firstRow(`delta_${layer}`) : forwardOf(layer, last);
    }
    const isLoss = done.some(({ part }) => part === "loss");
    if (layer === last && isLoss) return firstRow("p");
    return done.some(({ layer: owner }) => owner === name) ? firstRow(`a_${layer}`) : null;
  });
  return { weights: layers.map((_, index) => weightsOf(index + 1)), numbers, active: active() };
}

function forwardOf(layer: number, last: number): ArrayLike<number> | null {
  return firstRow(layer === last ? "p" : `a_${layer}`);
}

function doneStages(): readonly Stage[] {
  return reached.value === null ? stages.value : stages.value.slice(0, reached.value + 1);
}

function isWalkingBack(): boolean {
  return reached.value !== null && stages.value[reached.value]?.part === "backward";
}

function active(): number | null {
  if (reached.value === null) return null;
  const stage = stages.value[reached.value];
  const layers = state.value?.network.layers ?? [];
  if (!stage || stage.part === "update") return null;
  if (stage.part === "loss") return layers.length;
  return layers.findIndex(({ name }) => name === stage.layer) + 1;
}

function firstRow(id: string): ArrayLike<number> | null {
  const array = step.value?.values.get(id);
  return array ? array.values.subarray(0, array.shape.at(-1) ?? 0) : null;
}

function weightsOf(layer: number) {
  const array = step.value?.values.get(`W_${layer}`);
  return { values: array?.values ?? [], columns: array?.shape[1] ?? 0 };
}

function caption(): string {
  const rows = step.value?.trace.rows ?? [];
  const row = `of row ${rows[0] ?? 0}`;
  if (isWalkingBack()) return `In the units: delta, from the output on, else a; ${row}`;
  return `In the units: a, at the output the prediction; ${row}`;
}
