/** The menu of what a run leaves as. */

import { useRef } from "preact/hooks";
import { EXPORTS, takeAway } from "../state/takeAway";
import { Icon } from "./Icon";

export function TakeAway() {
  const menu = useRef<HTMLDetailsElement>(null);
  const close = () => {
    if (menu.current) menu.current.open = false;
  };
  return (
    <details
      class="menu"
      ref={menu}
      onFocusOut={(event) => {
        if (!menu.current?.contains(event.relatedTarget as Node | null)) close();
      }}
      onKeyDown={(event) => event.key === "Escape" && close()}
    >
      <summary class="button">
        <Icon name="save" /> Take away
      </summary>
      <ul>
        {EXPORTS.map(({ kind, name, about }) => (
          <li key={kind}>
            <button
              type="button"
              class="button quiet"
              onClick={() => {
                close();
                void takeAway(kind);
              }}
            >
              <strong>{name}</strong> <span class="muted">{about}</span>
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
