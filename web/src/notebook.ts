/**
 * What a notebook runs for each place that the widget is shown in: it puts the page into a frame of its own, so that
 * neither's styles, keys and names reach the other, and carries messages between it and the kernel.
 */

import type { Carried } from "./wire/fromNotebook";

/** anywidget's model, as far as it is used here. */
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

  /** From the kernel. */
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

  /** The page is there, or there again: a frame that a notebook moves begins anew. */
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

  /** Out here, because some notebooks hear of a file only where they can see the link to it. */
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

  /** A browser tells the page in a frame of the frame's scheme, as if the person had wished for it. */
  private followTheme(): void {
    this.frame.style.colorScheme = isDark(this.element) ? "dark" : "light";
  }
}

/** Who writes in light letters does so on a dark ground, whatever a notebook calls its themes. */
function isDark(element: Element): boolean {
  const [red = 0, green = 0, blue = 0] =
    getComputedStyle(element)
      .color.match(/[\d.]+/g)
      ?.map(Number) ?? [];
  return 0.299 * red + 0.587 * green + 0.114 * blue > 127;
}

/** A buffer of its own: what a notebook hands over lies somewhere within a larger one. */
function copied(view: DataView | ArrayBuffer): ArrayBuffer {
  if (view instanceof ArrayBuffer) return view.slice(0);
  const { buffer, byteOffset, byteLength } = view;
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}

export default { render };
