/** The page: the bar, the settings, and the panels. */

import { useEffect } from "preact/hooks";
import { keep } from "../state/kept";
import { show } from "../state/panels";
import { board, choosePen } from "../state/board";
import { seek } from "../state/history";
import { send } from "../state/session";
import { send as sendFile } from "../state/uploads";
import { Banner } from "./Banner";
import { classOf } from "./hand";
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
      <main>
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
  ",": () => seek(-1),
  ".": () => seek(1),
  r: () => send({ do: "reset", seed: "same" }),
  l: () => show("side", "Lessons"),
  n: () => send({ do: "reset", seed: "new" }),
  k: keep,
};

/** Single keys work where no control has the focus that means something else by them. */
function hearKey(event: KeyboardEvent): void {
  if (event.defaultPrevented) return;
  const busy = (event.target as Element).closest("input, select, textarea, button, summary, a");
  if (busy || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = KEYS[event.key.toLowerCase()] ?? chooser(event.key);
  if (!act) return;
  event.preventDefault();
  act();
}

/** Digits choose what a hand draws with, wherever the focus is. */
function chooser(key: string): (() => void) | undefined {
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
