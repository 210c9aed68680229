/** Choice of the data: generated data by picture, built-in data by name, or the user's table. */

import { classColour, css, sequential } from "../drawing/colours";
import { traceMark } from "../drawing/marks";
import type { Surface } from "../drawing/surface";
import { board, leave, openBlank } from "../state/board";
import { change, state, vocabulary } from "../state/session";
import type { DataSet } from "../wire/protocol/vocabulary";
import { useDrawing } from "./drawing";
import { Icon } from "./Icon";
import { TableChoice } from "./TableChoice";

export function DataChoice() {
  const sets = vocabulary.value?.data ?? [];
  const made = sets.filter(({ kind }) => kind === "made");
  const bundled = sets.filter(({ kind }) => kind === "known");
  const present = state.value?.experiment.data;
  return (
    <>
      <fieldset class="pictures">
        <legend class="only-heard">Made data, or drawn</legend>
        {made.map((set) => (
          <label key={set.name} class="picture" title={set.about}>
            <input
              type="radio"
              name="data"
              class="only-heard"
              checked={!board.value && present?.kind === "made" && present.name === set.name}
              onChange={() => choose(set)}
            />
            <Preview set={set} />
            {set.name}
          </label>
        ))}
        <label class="picture" title="Put points into the plane by hand">
          <input
            type="radio"
            name="data"
            class="only-heard"
            checked={board.value !== null}
            onChange={() => openBlank()}
          />
          <span class="pencil">
            <Icon name="pencil" />
          </span>
          your own
        </label>
      </fieldset>
      <label class="field">
        <span class="name">Known data</span>
        <select
          value={!board.value && present?.kind === "known" ? present.name : ""}
          onChange={(event) => {
            const set = bundled.find(({ name }) => name === event.currentTarget.value);
            if (set) choose(set);
          }}
        >
          <option value="" disabled>
            choose …
          </option>
          {bundled.map(({ name, about }) => (
            <option key={name} value={name} title={about}>
              {name.replaceAll("_", " ")}
            </option>
          ))}
        </select>
      </label>
      <TableChoice />
    </>
  );
}

function choose(set: DataSet): void {
  leave();
  change({ data: { kind: set.kind, name: set.name } });
}

function Preview({ set }: { set: DataSet }) {
  const canvas = useDrawing((surface) => drawPreview(surface, set));
  return <canvas ref={canvas} aria-hidden="true" />;
}

const EDGE = 5;

function drawPreview({ context, width, height, theme }: Surface, set: DataSet): void {
  const points = set.preview ?? [];
  const place = (axis: 0 | 1, room: number) => {
    const values = points.map((point) => point[axis]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return (value: number) => EDGE + ((value - low) / (high - low || 1)) * (room - 2 * EDGE);
  };
  const [x, y] = [place(0, width), place(1, height)];
  const isClass = set.task === "classification";
  for (const [right, up, target] of points) {
    context.beginPath();
    traceMark(context, isClass ? target : 0, x(right), height - y(up), 1.9);
    context.fillStyle = css(isClass ? classColour(target) : sequential(target));
    context.fill();
    context.lineWidth = 0.5;
    context.strokeStyle = css(theme.ink, 0.5);
    context.stroke();
  }
}
