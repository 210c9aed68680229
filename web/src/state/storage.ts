/** Values in the browser's storage; without storage the page works with defaults. */

/** Storage for this visit, or permanently. */
export type Lifetime = "visit" | "always";

export function keep(lifetime: Lifetime, name: string, value: unknown): void {
  try {
    storage(lifetime).setItem(name, JSON.stringify(value));
  } catch {
    // The storage may be full or disabled.
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
