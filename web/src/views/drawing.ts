/** A canvas that redraws when a signal that it read, its size, or the theme changes. */

import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { onThemeChange, prepare, type Surface } from "../drawing/surface";
import { attempt } from "../state/troubles";

export function useDrawing(draw: (surface: Surface) => void) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const changes = useChanges(canvas);
  useSignalEffect(() => {
    changes.value;
    const surface = canvas.current && prepare(canvas.current);
    // If one drawing throws, the others and its own next drawing must still run.
    if (surface) attempt("draw a picture", () => draw(surface));
  });
  return canvas;
}

/** Count the changes of an element's size and of the colour scheme. */
export function useChanges(element: { current: Element | null }) {
  const changes = useSignal(0);
  useEffect(() => {
    const listener = () => {
      changes.value = changes.peek() + 1;
    };
    const sizes = new ResizeObserver(listener);
    if (element.current) sizes.observe(element.current);
    const unsubscribe = onThemeChange(listener);
    return () => {
      sizes.disconnect();
      unsubscribe();
    };
  }, []);
  return changes;
}
