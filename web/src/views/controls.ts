/** Controls by name, so that a lesson can mark the one that is to be changed and lead to it. */

import { wanted } from "../state/lessons";
import { show } from "../state/panels";

/** Attributes of a control's element. */
export function asControl(name: string | undefined) {
  return name === undefined
    ? {}
    : { "data-control": name, "data-wanted": wanted.value === name ? true : undefined };
}

/** Shows the control, and gives it the focus. */
export function goToControl(name: string): void {
  if (!find(name)) show("side", tabOf(name));
  requestAnimationFrame(() => {
    const element = find(name);
    element?.scrollIntoView({ block: "nearest" });
    focusable(element)?.focus();
  });
}

/** The tab at the side that has a control which is not on the page. */
function tabOf(name: string): string {
  return name === "scaled" || name.startsWith("data.") ? "Data" : "All settings";
}

function find(name: string): HTMLElement | null {
  return document.querySelector<HTMLElement>(`[data-control="${CSS.escape(name)}"]`);
}

function focusable(element: HTMLElement | null): HTMLElement | null | undefined {
  if (element?.matches("button")) return element;
  const first = (selector: string) => element?.querySelector<HTMLElement>(selector);
  return first("select, input") ?? first("button:last-of-type");
}
