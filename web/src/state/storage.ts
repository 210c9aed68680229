/** What the browser keeps for the page; where it keeps nothing, the page goes on without. */

/** For the visit, or for as long as the browser does. */
export type Shelf = "visit" | "always";

export function keep(shelf: Shelf, name: string, value: unknown): void {
  try {
    storage(shelf).setItem(name, JSON.stringify(value));
  } catch {
    // It may be full, or forbidden.
  }
}

export function kept<Value>(shelf: Shelf, name: string, otherwise: Value): Value {
  try {
    const text = storage(shelf).getItem(name);
    return text === null ? otherwise : (JSON.parse(text) as Value);
  } catch {
    return otherwise;
  }
}

function storage(shelf: Shelf): Storage {
  return shelf === "visit" ? sessionStorage : localStorage;
}
