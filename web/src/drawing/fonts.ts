/** Fonts of drawings: the system's, with fallbacks for pictures opened on other systems. */

export const FONTS =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Ubuntu, Cantarell, "Helvetica Neue", Arial, sans-serif';
export const MONOSPACE =
  'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

/** Return a font in the syntax of a context's `font`. */
export function font(size: number, weight = 400): string {
  return `${weight === 400 ? "" : `${weight} `}${size}px ${FONTS}`;
}
