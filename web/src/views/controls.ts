/** Controls by name, so that a lesson can mark the control to change and move the focus to it. */

import { markedControl } from "../state/lessons";
import { show } from "../state/panels";

/** Attributes of a control's element. */
export function asControl(name: string | undefined) {
  return name === undefined
    ? {}
    : { "data-control": name, "data-marked": markedControl.value === name ? true : undefined };
}

/** Show the control, and focus it. */
export function goToControl(name: string): void {
  if (!find(name)) show("side", tabOf(name));
  requestAnimationFrame(() => {
    const element = find(name);
    element?.scrollIntoView({ block: "nearest" });
    focusable(element)?.focus();
  });
}

/** Return the tab of the sidebar with a control that is not on the page now. */
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
