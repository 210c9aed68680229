/** The page's way to the server: HTTP and WebSocket, or a notebook. */

/** The part of a WebSocket that the page uses. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((message: { data: string | ArrayBuffer }) => void) | null;
  onclose: ((end: { code: number }) => void) | null;
  /** Return true if the text was sent; without a connection none is. */
  send(text: string): boolean;
}

export interface Transport {
  connect(): Socket;
  /** Send one request; with a body, a POST. */
  ask(path: string, query: Record<string, string>, body?: Blob): Promise<Response>;
  /** Return true if a server answers that does not know this page, such as a restarted one. */
  isRefused(): Promise<boolean>;
  /** Save a file for the user. */
  save(content: Blob, name: string): void;
  /** Destination of an uploaded table, in words. */
  readonly destination: string;
  /** Beginning of a link to the page's state. */
  readonly origin: string;
  /** Store the session for the next connection and the next load of the page. */
  session: string | null;
}

let chosen: Transport | null = null;

/** Set the transport; once, before anything else. */
export function reachThrough(transport: Transport): void {
  chosen = transport;
}

export function transport(): Transport {
  if (!chosen) throw new Error("the page has no transport to the server");
  return chosen;
}
