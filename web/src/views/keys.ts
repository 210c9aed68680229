/** Find out if the focused control needs a key; the page may handle all other keys. */

const ARROWS = /^(Arrow|Home|End|Page)/;
/** Types of inputs that take no text. */
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

/** Return true if the focused element takes text. */
export function isTyped(target: Element): boolean {
  const field = target.closest("input, textarea, [contenteditable]");
  return field !== null && !(field instanceof HTMLInputElement && CHOSEN.has(field.type));
}

/**
 * Return true if the control needs the key: a text field needs every key, a select those that choose, a button those
 * that press it.
 */
export function needsKey(target: Element, key: string): boolean {
  if (isTyped(target) || target.closest("select")) return true;
  const input = target.closest("input");
  if (input?.type === "radio") return ARROWS.test(key) || (key === " " && !input.checked);
  if (input?.type === "range") return ARROWS.test(key);
  return key === " " && target.closest("button, summary, a, input") !== null;
}
