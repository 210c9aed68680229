/** The page: the bar, the settings, and the panels. */

import { useEffect } from "preact/hooks";

import { board, choosePen, undo } from "../state/board";
import { seek } from "../state/history";
import { keep } from "../state/kept";
import { show } from "../state/panels";
import { isDead, send, state } from "../state/session";
import { isFollowed } from "../state/step";
import { send as sendFile } from "../state/uploads";
import { Banner } from "./Banner";
import { classOf } from "./hand";
import { isTyped, needsKey } from "./keys";
import { Notice } from "./Notice";
import { PANELS } from "./panels";
import { QuickSettings } from "./QuickSettings";
import { RunBar, stepBatch, toggle } from "./RunBar";
import { TabbedPanel } from "./TabbedPanel";

export function App() {
  useEffect(() => {
    document.addEventListener("keydown", hearKey);
    document.addEventListener("dragover", allowDrop);
    document.addEventListener("drop", hearDrop);
    return () => {
      document.removeEventListener("keydown", hearKey);
      document.removeEventListener("dragover", allowDrop);
      document.removeEventListener("drop", hearDrop);
    };
  }, []);
  return (
    <>
      <RunBar />
      <Banner />
      <main inert={isDead.value}>
        <QuickSettings />
        {PANELS.map((panel) => (
          <TabbedPanel key={panel.area} {...panel} />
        ))}
      </main>
      <Notice />
    </>
  );
}

const KEYS: Record<string, () => void> = {
  " ": toggle,
  s: () => send({ do: "step", epochs: 1 }),
  b: stepBatch,
  r: () => send({ do: "reset", seed: "same" }),
  l: () => show("side", "Lessons"),
  n: () => send({ do: "reset", seed: "new" }),
  k: keep,
};

/** Handle single keys, unless the focused control uses the key itself. */
function hearKey(event: KeyboardEvent): void {
  const { key, target } = event;
  const [focused, isTogether] = [target as Element, event.ctrlKey || event.metaKey];
  if (event.defaultPrevented || event.altKey || isDead.value) return;
  if (isTogether ? isTyped(focused) : needsKey(focused, key)) return;
  const act = isTogether ? together(key) : (KEYS[key.toLowerCase()] ?? chooser(key));
  if (!act) return;
  event.preventDefault();
  act();
}

/** Handle a key pressed with Control or Command. */
function together(key: string): (() => void) | undefined {
  return key.toLowerCase() === "z" ? takeBack : undefined;
}

function takeBack(): void {
  if (board.value) undo();
  else if (state.value?.can_undo) send({ do: "undo" });
}

const SEEKS: Record<string, 1 | -1> = { ",": -1, ".": 1 };

/** Digits choose the class to draw with; comma and period move through a step while one is shown. */
function chooser(key: string): (() => void) | undefined {
  const way = isFollowed.value ? undefined : SEEKS[key];
  if (way) return () => seek(way);
  const label = classOf(key);
  return label === null || !board.value ? undefined : () => choosePen(label);
}

function allowDrop(event: DragEvent): void {
  event.preventDefault();
}

function hearDrop(event: DragEvent): void {
  event.preventDefault();
  const [file] = event.dataTransfer?.files ?? [];
  if (file) void sendFile(file);
}
