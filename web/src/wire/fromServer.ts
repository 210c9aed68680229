/** Transport of a page from a server: a WebSocket and HTTP requests. */

import type { Socket, Transport } from "./transport";

const SESSION = "lamina-session";

export class FromServer implements Transport {
  readonly destination = "it stays on this machine";
  readonly origin = window.location.origin;

  connect(): Socket {
    return new ServerSocket(new WebSocket(this.address()));
  }

  ask(path: string, query: Record<string, string>, body?: Blob): Promise<Response> {
    const address = `${path}?${new URLSearchParams(query)}`;
    return fetch(address, body ? { method: "POST", body } : {});
  }

  async isRefused(): Promise<boolean> {
    try {
      // The cookie belongs to the server that set it.
      return (await fetch("/", { method: "HEAD", cache: "no-store" })).status === 403;
    } catch {
      return false;
    }
  }

  save(content: Blob, name: string): void {
    const address = URL.createObjectURL(content);
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
    URL.revokeObjectURL(address);
  }

  get session(): string | null {
    return sessionStorage.getItem(SESSION);
  }

  set session(session: string | null) {
    if (session === null) sessionStorage.removeItem(SESSION);
    else sessionStorage.setItem(SESSION, session);
  }

  private address(): string {
    const { protocol, host } = window.location;
    const query = this.session ? `?session=${encodeURIComponent(this.session)}` : "";
    return `${protocol === "https:" ? "wss" : "ws"}://${host}/ws${query}`;
  }
}

class ServerSocket implements Socket {
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;

  constructor(private readonly socket: WebSocket) {
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.onopen?.();
    socket.onmessage = ({ data }) => this.onmessage?.({ data: data as string | ArrayBuffer });
    socket.onclose = ({ code }) => this.onclose?.({ code });
  }

  send(text: string): boolean {
    if (this.socket.readyState !== WebSocket.OPEN) return false;
    this.socket.send(text);
    return true;
  }
}
