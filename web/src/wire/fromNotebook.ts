/** Transport of a page in a notebook's cell: messages through a port, which the notebook forwards to its kernel. */

import type { Socket, Transport } from "./transport";

/** A message through the port, in either direction; `Carried` in notebook.ts is the same type. */
export interface Carried {
  content: Record<string, unknown>;
  buffers: ArrayBuffer[];
}

interface Question {
  body: Blob | undefined;
  sent: number;
  answer(response: Response): void;
}

/** A notebook's connection may refuse large messages. */
const PIECE = 1 << 20;

export class FromNotebook implements Transport {
  readonly destination = "it goes to the notebook's kernel alone";
  /** A cell has no address; only the part of a link from # on is read. */
  readonly origin = "http://127.0.0.1";
  session: string | null = null;
  private socket: NotebookSocket | null = null;
  private readonly questions = new Map<number, Question>();
  private asked = 0;

  constructor(private readonly port: MessagePort) {
    port.onmessage = ({ data }) => this.handle(data as Carried);
  }

  connect(): Socket {
    this.socket = new NotebookSocket((text) => this.post({ do: "say", text }));
    this.post({ do: "open" });
    queueMicrotask(() => this.socket?.onopen?.());
    return this.socket;
  }

  ask(path: string, query: Record<string, string>, body?: Blob): Promise<Response> {
    const id = ++this.asked;
    const size = body ? { size: body.size } : {};
    this.post({ do: "ask", id, path, query, ...size });
    return new Promise((answer) => {
      this.questions.set(id, { body, sent: 0, answer });
    });
  }

  isRefused(): Promise<boolean> {
    return Promise.resolve(false);
  }

  save(content: Blob, name: string): void {
    this.port.postMessage({ save: content, name });
  }

  private post(content: Record<string, unknown>, ...buffers: ArrayBuffer[]): void {
    this.port.postMessage({ content, buffers } satisfies Carried, buffers);
  }

  private handle({ content, buffers }: Carried): void {
    const [buffer = new ArrayBuffer(0)] = buffers;
    switch (content.is) {
      case "text":
        this.socket?.onmessage?.({ data: content.text as string });
        break;
      case "bytes":
        this.socket?.onmessage?.({ data: buffer });
        break;
      case "closed":
        this.close(content.code as number);
        break;
      case "more":
        void this.sendMore(content.id as number);
        break;
      case "answer":
        this.answer(content, buffer);
        break;
    }
  }

  private close(code: number): void {
    const socket = this.socket;
    this.socket = null;
    socket?.close(code);
  }

  private async sendMore(id: number): Promise<void> {
    const question = this.questions.get(id);
    if (!question?.body) return;
    const end = Math.min(question.sent + PIECE, question.body.size);
    const piece = await question.body.slice(question.sent, end).arrayBuffer();
    question.sent = end;
    this.post({ do: "piece", id, last: end === question.body.size }, piece);
  }

  private answer(content: Carried["content"], body: ArrayBuffer): void {
    const id = content.id as number;
    const [status, headers] = [content.status, content.headers];
    const response = new Response(body, {
      status: status as number,
      headers: headers as [string, string][],
    });
    this.questions.get(id)?.answer(response);
    this.questions.delete(id);
  }
}

class NotebookSocket implements Socket {
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  private isOpen = true;

  constructor(private readonly say: (text: string) => void) {}

  send(text: string): boolean {
    if (this.isOpen) this.say(text);
    return this.isOpen;
  }

  close(code: number): void {
    this.isOpen = false;
    this.onclose?.({ code });
  }
}
