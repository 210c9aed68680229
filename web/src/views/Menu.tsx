/** A button that opens a menu; a click, Escape, or losing the focus closes it. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface Props {
  /** Accessible name of a button with only an icon. */
  readonly name?: string;
  readonly look?: string;
  readonly button: ComponentChildren;
  readonly children: (close: () => void) => ComponentChildren;
}

export function Menu({ name, look = "", button, children }: Props) {
  const menu = useRef<HTMLDivElement>(null);
  const open = useSignal(false);
  const id = useId();
  const close = () => {
    open.value = false;
  };
  const goBack = () => {
    close();
    menu.current?.querySelector("button")?.focus();
  };
  useEffect(() => {
    const listener = (event: PointerEvent) => {
      if (!menu.current?.contains(event.target as Node)) close();
    };
    document.addEventListener("pointerdown", listener);
    return () => document.removeEventListener("pointerdown", listener);
  }, []);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the events come from the controls inside
    <div
      class="menu"
      ref={menu}
      onFocusOut={(event) => {
        const next = event.relatedTarget as Node | null;
        if (next && !menu.current?.contains(next)) close();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open.value) return;
        event.stopPropagation();
        goBack();
      }}
    >
      <button
        type="button"
        class={`button ${look}`}
        aria-label={name}
        aria-expanded={open.value}
        aria-controls={id}
        title={name}
        onClick={() => {
          open.value = !open.value;
        }}
      >
        {button}
      </button>
      <ul id={id} hidden={!open.value}>
        {open.value && children(goBack)}
      </ul>
    </div>
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
