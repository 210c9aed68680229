/** The numbers of one step: every layer forward, the loss, every layer backward, and the optimizer's update. */

import { useEffect, useRef } from "preact/hooks";
import { follow, reached, stages, step, trouble, walk } from "../state/step";
import { ChainRule } from "./ChainRule";
import { Formula } from "./Formula";
import { needsKey } from "./keys";
import { capital } from "./numbers";
import { RowChoice } from "./RowChoice";
import { StepDiagram, stepDiagram } from "./StepDiagram";
import { StepNumber } from "./StepNumber";
import type { View } from "./TabbedPanel";
import { Walker } from "./Walker";

export const stepView: View = {
  name: "Step",
  Body: StepView,
  Tools: RowChoice,
  picture: stepDiagram,
};

/** Move one layer forward or back. */
const KEYS: Record<string, 1 | -1> = { ".": 1, ",": -1 };

function StepView() {
  useEffect(follow, []);
  useEffect(() => {
    document.addEventListener("keydown", hearKey);
    return () => document.removeEventListener("keydown", hearKey);
  }, []);
  if (trouble.value) {
    return (
      <p class="note warning" role="status">
        {trouble.value}
      </p>
    );
  }
  if (!step.value) {
    return (
      <p class="about" role="status">
        The step is being taken apart …
      </p>
    );
  }
  if (step.value.trace.numbers.length === 0) return <Notes />;
  return (
    <>
      <Walker />
      <StepDiagram />
      <Sheet />
    </>
  );
}

function hearKey(event: KeyboardEvent): void {
  const way = KEYS[event.key];
  if (!way || needsKey(event.target as Element, event.key)) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  walk(way);
}

/** All stages reached so far, one below the other. */
function Sheet() {
  const all = stages.value;
  const last = reached.value === null ? all.length - 1 : Math.min(reached.value, all.length - 1);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element must be scrollable by keys
    <div class="step-sheet" role="region" aria-label="The numbers of the step" tabIndex={0}>
      {all.slice(0, last + 1).map((_, index) => (
        <StageNumbers key={all[index]?.title} index={index} isLast={index === last} />
      ))}
      {reached.value === null && <ChainRule />}
      {reached.value === null && <Notes />}
      {reached.value === null && <Imports />}
    </div>
  );
}

function StageNumbers({ index, isLast }: { index: number; isLast: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const isWalking = reached.value !== null;
  useEffect(() => {
    if (isWalking && isLast) box.current?.scrollIntoView({ block: "nearest" });
  }, [isWalking, isLast]);
  const stage = stages.value[index];
  if (!stage) return null;
  return (
    <div
      ref={box}
      class={isWalking && isLast ? "stage now" : "stage"}
      role="group"
      aria-label={stage.title}
    >
      <h3>{capital(stage.title)}</h3>
      {stage.part === "update" && <Rule />}
      {stage.numbers.map((number) => (
        <StepNumber key={number.id} number={number} />
      ))}
    </div>
  );
}

/** The optimizer's update, shown once for all parameters. */
function Rule() {
  const update = step.value?.trace.update;
  if (!update) return null;
  return (
    <div class="rule">
      <p>
        {update.formulas.map((formula, index) => (
          <span key={index} class="formula">
            <Formula nodes={formula} />
          </span>
        ))}
      </p>
      <p class="about">{update.settings}</p>
      <pre class="python">{update.code}</pre>
    </div>
  );
}

function Notes() {
  return (
    <>
      {step.value?.trace.notes.map((note) => (
        <p key={note} class="note">
          {note}
        </p>
      ))}
    </>
  );
}

function Imports() {
  return (
    <details class="twin">
      <summary>What the lines of Python need</summary>
      <pre class="python">{step.value?.trace.imports}</pre>
    </details>
  );
}
