/** Form controls: a choice, a number, a slider, a checkbox. */

import { useId, useState } from "preact/hooks";
import { asControl } from "./controls";
import { type NumberLimits, neighbour, parse, plain } from "./fieldValues";
import { Icon } from "./Icon";

interface Named {
  label: string;
  /** A sentence of help, shown on hover and read by screen readers. */
  help?: string | undefined;
  /** Name by which a lesson finds it. */
  control?: string | undefined;
}

interface ChoiceProps extends Named {
  value: string;
  options: readonly { value: string; label: string; help?: string | undefined }[];
  onChoose: (value: string) => void;
}

export function ChoiceField({ label, help, control, value, options, onChoose }: ChoiceProps) {
  const id = useId();
  return (
    <div class="field" {...asControl(control)}>
      <label class="name" for={id} title={help}>
        {label}
      </label>
      <select id={id} value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value} title={option.help}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}

interface NumberProps extends Named, NumberLimits {
  value: number;
  /** True if the buttons step through 1, 3, 10, 30 instead of by ones. */
  powers?: boolean;
  onSet: (value: number) => void;
}

/** A number to type, or to step with buttons and the arrow keys. */
export function NumberField(props: NumberProps) {
  const { label, help, control, value, onSet } = props;
  const id = useId();
  const [text, setText] = useState<string | null>(null);
  const wrong = text !== null && parse(text, props) === null;
  const finish = () => {
    const typed = text === null ? null : parse(text, props);
    if (typed !== null && typed !== value) onSet(typed);
    setText(null);
  };
  const step = (direction: 1 | -1) => {
    setText(null);
    const next = neighbour(value, direction, props);
    if (next !== value) onSet(next);
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "Enter") finish();
    else if (event.key === "Escape") setText(null);
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      step(event.key === "ArrowUp" ? 1 : -1);
    }
  };
  return (
    <div class="field" {...asControl(control)}>
      <label class="name" for={id} title={help}>
        {label}
      </label>
      <div class="stepper">
        <button type="button" class="button" aria-label={`less: ${label}`} onClick={() => step(-1)}>
          <Icon name="minus" />
        </button>
        <input
          id={id}
          type="text"
          inputMode={props.whole ? "numeric" : "decimal"}
          value={text ?? plain(value)}
          aria-invalid={wrong}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={key}
          onBlur={finish}
        />
        <button type="button" class="button" aria-label={`more: ${label}`} onClick={() => step(1)}>
          <Icon name="plus" />
        </button>
      </div>
    </div>
  );
}

interface SliderProps extends Named {
  value: number;
  low: number;
  high: number;
  step: number;
  say?: (value: number) => string;
  onSet: (value: number) => void;
}

export function SliderField({
  label,
  help,
  control,
  value,
  low,
  high,
  step,
  say,
  onSet,
}: SliderProps) {
  const id = useId();
  const [moving, setMoving] = useState<number | null>(null);
  const shown = moving ?? value;
  return (
    <div class="field" {...asControl(control)}>
      <label class="name" for={id} title={help}>
        {label}
        <output for={id}>{(say ?? String)(shown)}</output>
      </label>
      <input
        id={id}
        type="range"
        min={low}
        max={high}
        step={step}
        value={shown}
        aria-valuetext={(say ?? String)(shown)}
        onInput={(event) => {
          setMoving(Number(event.currentTarget.value));
          onSet(Number(event.currentTarget.value));
        }}
        onChange={() => setMoving(null)}
      />
    </div>
  );
}

interface TickProps extends Named {
  value: boolean;
  onSet: (value: boolean) => void;
}

export function TickField({ label, help, control, value, onSet }: TickProps) {
  return (
    <label class="tick" title={help} {...asControl(control)}>
      <input
        type="checkbox"
        checked={value}
        onChange={(event) => onSet(event.currentTarget.checked)}
      />
      {label}
    </label>
  );
}
