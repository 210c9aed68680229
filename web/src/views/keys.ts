/** Which keys the control that has the focus needs for itself; all others may mean something to the page. */

const ARROWS = /^(Arrow|Home|End|Page)/;
/** Inputs that are no text; every other kind is typed into. */
const CHOSEN = new Set([
  "radio",
  "checkbox",
  "range",
  "button",
  "submit",
  "reset",
  "file",
  "color",
]);

/** Whether what has the focus is typed into. */
export function isTyped(target: Element): boolean {
  const field = target.closest("input, textarea, [contenteditable]");
  return field !== null && !(field instanceof HTMLInputElement && CHOSEN.has(field.type));
}

/** Whether the control needs the key: a field every key, a choice those that choose, a button those that press. */
export function needsKey(target: Element, key: string): boolean {
  if (isTyped(target) || target.closest("select")) return true;
  const input = target.closest("input");
  if (input?.type === "radio") return ARROWS.test(key) || (key === " " && !input.checked);
  if (input?.type === "range") return ARROWS.test(key);
  return key === " " && target.closest("button, summary, a, input") !== null;
}
