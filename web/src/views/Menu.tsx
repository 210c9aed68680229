/** A button that opens a list of things to do, and closes it: by itself, by Escape, or when the focus leaves. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface Props {
  /** What is heard, where the button shows an icon alone. */
  readonly name?: string;
  readonly look?: string;
  readonly button: ComponentChildren;
  readonly children: (close: () => void) => ComponentChildren;
}

export function Menu({ name, look = "", button, children }: Props) {
  const menu = useRef<HTMLDetailsElement>(null);
  const close = () => {
    if (menu.current) menu.current.open = false;
  };
  const goBack = () => {
    close();
    menu.current?.querySelector("summary")?.focus();
  };
  useEffect(() => {
    const hear = (event: PointerEvent) => {
      if (!menu.current?.contains(event.target as Node)) close();
    };
    document.addEventListener("pointerdown", hear);
    return () => document.removeEventListener("pointerdown", hear);
  }, []);
  return (
    <details
      class="menu"
      ref={menu}
      onFocusOut={(event) => {
        const next = event.relatedTarget as Node | null;
        if (next && !menu.current?.contains(next)) close();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !menu.current?.open) return;
        event.stopPropagation();
        goBack();
      }}
    >
      <summary class={`button ${look}`} aria-label={name} title={name}>
        {button}
      </summary>
      <ul>{children(goBack)}</ul>
    </details>
  );
}

interface EntryProps {
  readonly name: string;
  readonly about: string;
  readonly onChoose: () => void;
}

export function MenuEntry({ name, about, onChoose }: EntryProps) {
  return (
    <li>
      <button type="button" class="button quiet" onClick={onChoose}>
        <strong>{name}</strong> <span class="muted">{about}</span>
      </button>
    </li>
  );
}
