/** Palette of the drawing board: classes or values to draw with, the eraser, and undo. */

import { classColour, css } from "../drawing/colours";
import { markPath } from "../drawing/marks";
import {
  addClass,
  board,
  canUndo,
  choosePen,
  clear,
  counts,
  erases,
  pen,
  penValue,
  undo,
} from "../state/board";
import { type Drawing, MOST_CLASSES } from "../state/drawings";
import { SliderField } from "./fields";
import { Icon } from "./Icon";
import { short, whole } from "./numbers";

export function Palette() {
  const drawing = board.value;
  if (!drawing) return null;
  return (
    <div class="palette" role="group" aria-label="Drawing">
      {drawing.target === "class" && <Pens drawing={drawing} />}
      {drawing.target === "value" && <ValuePen drawing={drawing} />}
      {drawing.target === "height" && <span class="muted">A point is a place on the curve.</span>}
      <span class="ways-back">
        <Tool
          name="Eraser"
          help="Take points away (Delete, or the right button)"
          icon="eraser"
          pressed={erases.value}
          onClick={() => {
            erases.value = !erases.value;
          }}
        />
        <Tool name="Undo the last stroke" icon="undo" disabled={!canUndo.value} onClick={undo} />
        <Tool
          name="Clear the board"
          icon="clear"
          disabled={drawing.points.length === 0}
          onClick={clear}
        />
      </span>
    </div>
  );
}

function Pens({ drawing }: { drawing: Drawing }) {
  const { classes } = drawing;
  return (
    <span class="pens" role="group" aria-label="Class to put">
      {classes.map((name, label) => (
        <button
          key={name}
          type="button"
          class="button pen"
          aria-pressed={!erases.value && pen.value === label}
          aria-label={`Class ${name}, ${whole(counts.value[label] ?? 0)} points`}
          title={`Class ${name} (${label + 1})`}
          onClick={() => choosePen(label)}
        >
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d={markPath(label)} fill={css(classColour(label))} class="mark" />
          </svg>
          {name}
        </button>
      ))}
      {classes.length < MOST_CLASSES && (
        <button
          type="button"
          class="button quiet"
          aria-label="A new class"
          title="A new class"
          disabled={(counts.value.length ?? 0) < classes.length}
          onClick={addClass}
        >
          <Icon name="plus" />
        </button>
      )}
    </span>
  );
}

function ValuePen({ drawing }: { drawing: Drawing }) {
  const [low, high] = drawing.limits[2] ?? [-1, 1];
  return (
    <SliderField
      label="Value to put"
      value={penValue.value}
      low={low}
      high={high}
      step={(high - low) / 100}
      say={(value) => short(value)}
      onSet={(value) => {
        penValue.value = value;
        erases.value = false;
      }}
    />
  );
}

interface ToolProps {
  name: string;
  help?: string;
  icon: "eraser" | "undo" | "clear";
  pressed?: boolean;
  disabled?: boolean;
  onClick: () => void;
}

function Tool({ name, help, icon, pressed, disabled, onClick }: ToolProps) {
  return (
    <button
      type="button"
      class="button quiet"
      aria-label={name}
      title={help ?? name}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
