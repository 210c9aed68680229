/** The connection: connects, reconnects after an interruption, and names its session. */

import type { Command } from "./protocol/commands";
import type { ServerEvent } from "./protocol/events";
import { type Socket, transport } from "./transport";

export type Connection = "connecting" | "open" | "lost" | "restarted" | "taken" | "full";

export interface Listener {
  event(event: ServerEvent): void;
  binary(buffer: ArrayBuffer): void;
  connection(status: Connection): void;
}

const FIRST_WAIT = 250;
const LONGEST_WAIT = 5000;
/** Close codes after which the page does not reconnect. */
const FINAL: Record<number, Connection> = { 4409: "taken", 4429: "full" };

export class Wire {
  private socket: Socket | null = null;
  private wait = FIRST_WAIT;
  private isLost = false;

  constructor(private readonly listener: Listener) {}

  connect(): void {
    // During reconnection the state stays "lost".
    if (!this.isLost) this.listener.connection("connecting");
    const socket = transport().connect();
    socket.onopen = () => {
      this.isLost = false;
      this.listener.connection("open");
    };
    socket.onmessage = ({ data }) => this.handle(data);
    socket.onclose = ({ code }) => this.closed(code);
    this.socket = socket;
  }

  /** Return true if the command was sent; without a connection none is. */
  send(command: Command): boolean {
    return this.socket?.send(JSON.stringify(command)) ?? false;
  }

  private handle(data: string | ArrayBuffer): void {
    if (typeof data !== "string") {
      this.listener.binary(data);
      return;
    }
    const event = JSON.parse(data) as ServerEvent;
    if (event.is === "hello") {
      this.wait = FIRST_WAIT;
      transport().session = event.session;
    }
    this.listener.event(event);
  }

  private closed(code: number): void {
    this.socket = null;
    const final = FINAL[code];
    this.isLost = !final;
    this.listener.connection(final ?? "lost");
    if (!final) void this.tryAgain();
  }

  /** Reconnect after a while; never to a server that does not know this page. */
  private async tryAgain(): Promise<void> {
    if (await transport().isRefused()) {
      this.isLost = false;
      this.listener.connection("restarted");
      return;
    }
    setTimeout(() => this.connect(), this.wait);
    this.wait = Math.min(LONGEST_WAIT, 2 * this.wait);
  }
}
