/** Single requests: each returns the answer, or throws with the server's message. */

import { type BinaryMessage, decode } from "./frames";
import { transport } from "./transport";

/** Error with the message of a refusal by the server. */
export class Refused extends Error {}

export type Query = Record<string, string | number>;

export async function getJson<Answer>(path: string, query: Query = {}): Promise<Answer> {
  return (await (await request(path, query)).json()) as Answer;
}

export async function getBinary<Header extends { kind: string }>(
  path: string,
  query: Query = {},
): Promise<BinaryMessage<Header>> {
  return decode<Header>(await (await request(path, query)).arrayBuffer());
}

export interface File {
  readonly name: string;
  readonly content: Blob;
}

export async function getFile(path: string, query: Query = {}): Promise<File> {
  const answer = await request(path, query);
  const named = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "");
  return { name: named?.[1] ?? "file", content: await answer.blob() };
}

export async function post<Answer>(path: string, query: Query, body: Blob): Promise<Answer> {
  return (await (await request(path, query, body)).json()) as Answer;
}

async function request(path: string, query: Query, body?: Blob): Promise<Response> {
  const asked: Record<string, string> = { session: transport().session ?? "" };
  for (const [name, value] of Object.entries(query)) asked[name] = String(value);
  const answer = await transport().ask(path, asked, body);
  if (!answer.ok) throw new Refused(await reason(answer));
  return answer;
}

async function reason(answer: Response): Promise<string> {
  try {
    return ((await answer.json()) as { message: string }).message;
  } catch {
    return answer.statusText;
  }
}
