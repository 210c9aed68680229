/** A panel that shows one of its views, and tabs where there are several. */

import type { ComponentType } from "preact";
import type { Picture } from "../drawing/picture";
import { type Area, chosen } from "../state/panels";
import { Guarded } from "./Guarded";
import { PictureMenu } from "./PictureMenu";

export interface View {
  readonly name: string;
  readonly Body: ComponentType;
  /** Content at the right of the panel's head. */
  readonly Tools?: ComponentType;
  /** Text of the tab, if it differs from the name. */
  readonly title?: () => string;
  /** True if the view applies to the data and the network. */
  readonly isOffered?: () => boolean;
  /**
   * Return the picture to save as PNG or SVG; null if the view is empty. The functions that paint the page draw it on
   * a surface of the picture's own size and theme; drawing/picture.ts adds title, legend and caption.
   */
  readonly picture?: () => Picture | null;
  /** True for the view shown before the user chooses; if several, the first. */
  readonly isFirst?: () => boolean;
  /** Number of notes in the view; 0 is not shown. */
  readonly badge?: () => number;
}

interface Panel {
  area: Area;
  look: string;
  views: readonly View[];
  /** Content above every view. */
  Above?: ComponentType;
}

export function TabbedPanel({ area, look, views, Above }: Panel) {
  const offered = views.filter((view) => view.isOffered?.() ?? true);
  const shown =
    offered.find(({ name }) => name === chosen[area].value) ??
    offered.find((view) => view.isFirst?.()) ??
    offered[0];
  if (!shown) return null;
  const { Body, Tools, picture } = shown;
  const heading = `${look}-title`;
  return (
    <section class={`panel ${look}`} aria-labelledby={heading}>
      <header>
        <h2 id={heading} class={offered.length > 1 ? "only-heard" : ""}>
          {titleOf(shown)}
        </h2>
        {offered.length > 1 && <Tabs area={area} views={offered} shown={shown} />}
        {Tools && <Tools key={shown.name} />}
        {picture && (
          <PictureMenu key={`${shown.name} picture`} title={titleOf(shown)} picture={picture} />
        )}
      </header>
      {Above && <Above />}
      <Guarded key={shown.name} what={titleOf(shown)}>
        <Body />
      </Guarded>
    </section>
  );
}

function Tabs(props: { area: Area; views: readonly View[]; shown: View }) {
  const { area, views, shown } = props;
  return (
    <div class="tabs" role="group" aria-label="What is shown here">
      {views.map((view) => (
        <button
          key={view.name}
          type="button"
          class="tab"
          aria-pressed={view === shown}
          onClick={() => {
            chosen[area].value = view.name;
          }}
        >
          {titleOf(view)}
          <Badge view={view} />
        </button>
      ))}
    </div>
  );
}

function Badge({ view }: { view: View }) {
  const count = view.badge?.() ?? 0;
  return count > 0 ? <span class="badge">{count}</span> : null;
}

function titleOf(view: View): string {
  return view.title?.() ?? view.name;
}
