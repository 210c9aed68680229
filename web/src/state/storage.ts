/** What the browser keeps for the page; where it keeps nothing, the page goes on without. */

/** For the visit, or for as long as the browser does. */
export type Lifetime = "visit" | "always";

export function keep(lifetime: Lifetime, name: string, value: unknown): void {
  try {
    storage(lifetime).setItem(name, JSON.stringify(value));
  } catch {
    // It may be full, or forbidden.
  }
}

export function kept<Value>(lifetime: Lifetime, name: string, otherwise: Value): Value {
  try {
    const text = storage(lifetime).getItem(name);
    return text === null ? otherwise : (JSON.parse(text) as Value);
  } catch {
    return otherwise;
  }
}

function storage(lifetime: Lifetime): Storage {
  return lifetime === "visit" ? sessionStorage : localStorage;
}
