/** The few icons of the page, on a grid of 24. */

const PATHS = {
  play: "M8 5v14l11-7z",
  pause: "M7 5h3.5v14H7zM13.5 5H17v14h-3.5z",
  step: "M6 5v14l9-7zM16 5h2.5v14H16z",
  layer: "M4 5h3v14H4zM10.5 8h3v8h-3zM17 5h3v14h-3z",
  back: "M18 5v14l-9-7zM5.5 5H8v14H5.5z",
  reset:
    "M12 5a7 7 0 1 1-6.9 8.2l2-.4A5 5 0 1 0 12 7c-1.5 0-2.8.6-3.7 1.6L10.5 11H4.5V5l2.4 2.3A7 7 0 0 1 12 5z",
  dice: "M6 4h12a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2zm0 2v12h12V6zm2.8 1.3a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3zm6.4 6.4a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3zM12 10.5a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3z",
  plus: "M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z",
  minus: "M5 11h14v2H5z",
  close:
    "M6.4 5 12 10.6 17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4z",
  check: "M9.6 17.4 4.2 12l1.7-1.7 3.7 3.7 8.5-8.5 1.7 1.7z",
  left: "M14.5 5.5 16 7l-5 5 5 5-1.5 1.5L8 12z",
  save: "M11 4h2v8.2l2.8-2.8 1.4 1.4L12 16l-5.2-5.2 1.4-1.4 2.8 2.8zM5 18h14v2H5z",
  picture:
    "M6 5h12a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2zm0 2v8.2l3.6-3.6 3.4 3.4 2.4-2.4 2.6 2.6V7zm9 1.2a1.6 1.6 0 1 1 0 3.2 1.6 1.6 0 0 1 0-3.2z",
  keep: "M7 4h10a1 1 0 0 1 1 1v15.5l-6-4.2-6 4.2V5a1 1 0 0 1 1-1zm1 2v10.7l4-2.8 4 2.8V6z",
  pencil:
    "M16.6 3.6 20.4 7.4 8.6 19.2 3.5 20.5 4.8 15.4zM14.8 8.2 6.6 16.4 6.2 17.8 7.6 17.4 15.8 9.2z",
  eraser: "M14.2 4 20 9.8 11.8 18H20v2H8.6L3.8 15.2zM8.9 12.1 6.6 14.4 9.4 17.2H9.8L12.3 14.7z",
  clear:
    "M9 4h6v2h5v2h-1.2L18 20H6L5.2 8H4V6h5zM7.2 8 7.9 18h8.2l.7-10zM10 10h1.6v6H10zM12.6 10h1.6v6h-1.6z",
  batch: "M5 5v14l7-7zM14 10.2h3.6v3.6H14z",
  undo: "M9 5 4 10l5 5v-3.8h4.5a3.3 3.3 0 0 1 0 6.6H9V20h4.5a5.5 5.5 0 0 0 0-11H9z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
