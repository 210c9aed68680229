import { afterEach, expect, test } from "vitest";
import { type Carried, FromNotebook } from "../src/wire/fromNotebook";

const ends: MessagePort[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end.close();
});

/** A transport, and the notebook's end of its port. */
function opened() {
  const { port1, port2 } = new MessageChannel();
  ends.push(port1, port2);
  const received: Carried[] = [];
  const waiting: ((carried: Carried) => void)[] = [];
  port1.onmessage = ({ data }) => {
    const next = waiting.shift();
    if (next) next(data as Carried);
    else received.push(data as Carried);
  };
  const hear = () =>
    new Promise<Carried>((resolve) => {
      const first = received.shift();
      if (first) resolve(first);
      else waiting.push(resolve);
    });
  const say = (content: Carried["content"], ...buffers: ArrayBuffer[]) =>
    port1.postMessage({ content, buffers });
  return { transport: new FromNotebook(port2), hear, say };
}

test("a socket carries texts and binary messages, and ends with the code that the kernel gives", async () => {
  const { transport, hear, say } = opened();
  const socket = transport.connect();
  expect((await hear()).content).toEqual({ do: "open" });
  expect(socket.send("{}")).toBe(true);
  expect((await hear()).content).toEqual({ do: "say", text: "{}" });
  const received: (string | ArrayBuffer)[] = [];
  socket.onmessage = ({ data }) => received.push(data);
  const ended = new Promise<number>((resolve) => {
    socket.onclose = ({ code }) => resolve(code);
  });
  say({ is: "text", text: "news" });
  say({ is: "bytes" }, new Uint8Array([1, 2, 3]).buffer);
  say({ is: "closed", code: 4409 });
  expect(await ended).toBe(4409);
  expect(received[0]).toBe("news");
  expect(new Uint8Array(received[1] as ArrayBuffer)).toEqual(new Uint8Array([1, 2, 3]));
  expect(socket.send("{}")).toBe(false);
});

test("an answer finds its question, with status, headers and body", async () => {
  const { transport, hear, say } = opened();
  const [one, other] = [transport.ask("/api/one", { a: "1" }), transport.ask("/api/other", {})];
  const [first, second] = [(await hear()).content, (await hear()).content];
  expect(first).toMatchObject({ do: "ask", path: "/api/one", query: { a: "1" } });
  expect(first.size).toBeUndefined();
  const body = new TextEncoder().encode('{"message":"no"}').buffer;
  say({ is: "answer", id: second.id, status: 404, headers: [["content-type", "x/y"]] }, body);
  say({ is: "answer", id: first.id, status: 200, headers: [] }, new ArrayBuffer(5));
  expect((await (await one).arrayBuffer()).byteLength).toBe(5);
  const refused = await other;
  expect([refused.ok, refused.headers.get("content-type")]).toEqual([false, "x/y"]);
  expect(await refused.json()).toEqual({ message: "no" });
});

test("a body goes piece by piece, each when it is asked for", async () => {
  const { transport, hear, say } = opened();
  const size = (1 << 20) + 7;
  const answer = transport.ask("/api/upload", {}, new Blob([new Uint8Array(size).fill(9)]));
  const asked = (await hear()).content;
  expect(asked.size).toBe(size);
  const lengths: number[] = [];
  const last: unknown[] = [];
  for (let piece = 0; piece < 2; piece++) {
    say({ is: "more", id: asked.id });
    const { content, buffers } = await hear();
    lengths.push(buffers[0]?.byteLength ?? 0);
    last.push(content.last);
  }
  expect(lengths).toEqual([1 << 20, 7]);
  expect(last).toEqual([false, true]);
  say({ is: "answer", id: asked.id, status: 200, headers: [] }, new ArrayBuffer(0));
  expect((await answer).ok).toBe(true);
});
