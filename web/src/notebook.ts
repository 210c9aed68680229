/**
 * Script of the widget, run once for each place where a notebook shows it. It puts the page into a frame, so that
 * styles, keys and names of page and notebook stay apart, and passes messages between page and kernel.
 */

import type { Carried } from "./wire/fromNotebook";

/** The part of anywidget's model that is used here. */
interface Model {
  get(name: string): unknown;
  on(event: string, listener: (...args: never[]) => void): void;
  off(event: string, listener: (...args: never[]) => void): void;
  send(content: unknown, callbacks?: undefined, buffers?: ArrayBuffer[]): void;
}

const PAGE_QUESTION = 0;
const WAITING = "The workbench is on its way: it comes once the kernel has nothing else to do.";

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const place = new Place(model, el);
  return () => place.leave();
}

class Place {
  private readonly name = Math.random().toString(36).slice(2);
  private readonly frame = document.createElement("iframe");
  private readonly waiting = document.createElement("p");
  private readonly looks = new MutationObserver(() => this.followTheme());
  private port: MessagePort | null = null;

  constructor(
    private readonly model: Model,
    private readonly element: HTMLElement,
  ) {
    this.waiting.textContent = WAITING;
    this.frame.title = "lamina workbench";
    this.frame.allow = "clipboard-write";
    this.frame.addEventListener("load", this.handOverPort);
    element.append(this.waiting);
    model.on("msg:custom", this.handle);
    model.on("change:height", this.followHeight);
    this.post({ do: "ask", id: PAGE_QUESTION, path: "/", query: {} });
  }

  leave(): void {
    this.post({ do: "leave" });
    this.model.off("msg:custom", this.handle);
    this.model.off("change:height", this.followHeight);
    this.looks.disconnect();
    this.port?.close();
    this.frame.remove();
  }

  private post(content: Carried["content"], buffers: ArrayBuffer[] = []): void {
    this.model.send({ ...content, page: this.name }, undefined, buffers);
  }

  /** Handle a message from the kernel. */
  private readonly handle = (content: Carried["content"], views: (DataView | ArrayBuffer)[]) => {
    if (content.page !== this.name) return;
    const buffers = views.map(copied);
    if (content.is === "answer" && content.id === PAGE_QUESTION) this.show(buffers[0]);
    else this.port?.postMessage({ content, buffers } satisfies Carried, buffers);
  };

  private show(page: ArrayBuffer | undefined): void {
    this.frame.srcdoc = new TextDecoder().decode(page);
    const { style } = this.frame;
    style.cssText = "display: block; width: 100%; border: 0; border-radius: 10px;";
    this.followHeight();
    this.followTheme();
    this.waiting.replaceWith(this.frame);
    for (const element of [document.documentElement, document.body]) {
      this.looks.observe(element, { attributes: true });
    }
  }

  /** Called when the page has loaded, and again after a notebook has moved the frame, which reloads it. */
  private readonly handOverPort = () => {
    this.port?.close();
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    port1.onmessage = ({ data }) => this.hearPage(data);
    this.frame.contentWindow?.postMessage("port", "*", [port2]);
  };

  private hearPage(said: Carried | { save: Blob; name: string }): void {
    if ("save" in said) this.save(said.save, said.name);
    else this.post(said.content, said.buffers);
  }

  /** Outside the frame, because some notebooks handle a download only if its link is in their document. */
  private save(content: Blob, name: string): void {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(content);
    link.download = name;
    this.element.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  private readonly followHeight = () => {
    this.frame.style.height = `${this.model.get("height")}px`;
  };

  /** The page in a frame gets the frame's colour scheme as the user's preference. */
  private followTheme(): void {
    this.frame.style.colorScheme = isDark(this.element) ? "dark" : "light";
  }
}

/** Light text means a dark theme; this works for every notebook, whatever its themes are called. */
function isDark(element: Element): boolean {
  const [red = 0, green = 0, blue = 0] =
    getComputedStyle(element)
      .color.match(/[\d.]+/g)
      ?.map(Number) ?? [];
  return 0.299 * red + 0.587 * green + 0.114 * blue > 127;
}

/** Copy into a buffer of the exact size, because a notebook passes views of larger buffers. */
function copied(view: DataView | ArrayBuffer): ArrayBuffer {
  if (view instanceof ArrayBuffer) return view.slice(0);
  const { buffer, byteOffset, byteLength } = view;
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}

export default { render };
