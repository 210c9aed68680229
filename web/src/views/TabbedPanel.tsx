/** A panel that shows one of its views, and tabs where there are several. */

import type { ComponentType } from "preact";
import { type Area, chosen } from "../state/panels";

export interface View {
  readonly name: string;
  readonly Body: ComponentType;
  /** What stands at the right of the panel's head. */
  readonly Tools?: ComponentType;
  /** What is written on the tab, where that is not always the name. */
  readonly title?: () => string;
  /** Whether the data or the network has anything to show in it. */
  readonly isOffered?: () => boolean;
}

export function TabbedPanel(props: { area: Area; look: string; views: readonly View[] }) {
  const { area, look, views } = props;
  const offered = views.filter((view) => view.isOffered?.() ?? true);
  const shown = offered.find(({ name }) => name === chosen[area].value) ?? offered[0];
  if (!shown) return null;
  const { Body, Tools } = shown;
  const heading = `${look}-title`;
  return (
    <section class={`panel ${look}`} aria-labelledby={heading}>
      <header>
        <h2 id={heading} class={offered.length > 1 ? "only-heard" : ""}>
          {titleOf(shown)}
        </h2>
        {offered.length > 1 && <Tabs area={area} views={offered} shown={shown} />}
        {Tools && <Tools key={shown.name} />}
      </header>
      <Body key={shown.name} />
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
        </button>
      ))}
    </div>
  );
}

function titleOf(view: View): string {
  return view.title?.() ?? view.name;
}
