/** How the page reaches what trains: from a server, or through a notebook. */

/** The part of a WebSocket that the page uses. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((message: { data: string | ArrayBuffer }) => void) | null;
  onclose: ((end: { code: number }) => void) | null;
  /** Whether the text was handed over; while there is no connection, nothing is. */
  send(text: string): boolean;
}

export interface Transport {
  connect(): Socket;
  /** Asks once; with a body, it is a POST. */
  ask(path: string, query: Record<string, string>, body?: Blob): Promise<Response>;
  /** Whether what trains is there and does not know this page: another server has its place. */
  isRefused(): Promise<boolean>;
  /** Gives the person a file. */
  save(content: Blob, name: string): void;
  /** Where a table that is opened goes to, in words. */
  readonly destination: string;
  /** What a link to the page's state begins with. */
  readonly origin: string;
  /** Keeps the session for the next connection, and the next load of the page. */
  session: string | null;
}

let chosen: Transport | null = null;

/** Says how; once, before all else. */
export function reachThrough(transport: Transport): void {
  chosen = transport;
}

export function transport(): Transport {
  if (!chosen) throw new Error("the page has not been told how to reach what trains");
  return chosen;
}
