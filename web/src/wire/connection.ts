/** The WebSocket: connects, connects again after a break, and says which session it was. */

import type { Command, ServerEvent } from "./protocol";

export type Connection = "connecting" | "open" | "lost" | "taken" | "full";

export interface Hearer {
  event(event: ServerEvent): void;
  binary(buffer: ArrayBuffer): void;
  connection(status: Connection): void;
}

const SESSION = "lamina-session";
const FIRST_WAIT = 250;
const LONGEST_WAIT = 5000;
/** Closed for good: these are not to be tried again. */
const FINAL: Record<number, Connection> = { 4409: "taken", 4429: "full" };

export class Wire {
  private socket: WebSocket | null = null;
  private wait = FIRST_WAIT;

  constructor(private readonly hearer: Hearer) {}

  connect(): void {
    this.hearer.connection("connecting");
    const socket = new WebSocket(address());
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.hearer.connection("open");
    socket.onmessage = ({ data }) => this.hear(data as string | ArrayBuffer);
    socket.onclose = ({ code }) => this.closed(code);
    this.socket = socket;
  }

  /** Whether the command was handed over; while there is no connection, nothing is. */
  send(command: Command): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(command));
    return true;
  }

  private hear(data: string | ArrayBuffer): void {
    if (typeof data !== "string") {
      this.hearer.binary(data);
      return;
    }
    const event = JSON.parse(data) as ServerEvent;
    if (event.is === "hello") {
      this.wait = FIRST_WAIT;
      sessionStorage.setItem(SESSION, event.session);
    }
    this.hearer.event(event);
  }

  private closed(code: number): void {
    this.socket = null;
    const final = FINAL[code];
    this.hearer.connection(final ?? "lost");
    if (final) return;
    setTimeout(() => this.connect(), this.wait);
    this.wait = Math.min(LONGEST_WAIT, 2 * this.wait);
  }
}

export function session(): string | null {
  return sessionStorage.getItem(SESSION);
}

function address(): string {
  const { protocol, host } = window.location;
  const known = session();
  const query = known ? `?session=${encodeURIComponent(known)}` : "";
  return `${protocol === "https:" ? "wss" : "ws"}://${host}/ws${query}`;
}
