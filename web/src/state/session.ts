/** The latest messages of the server, each as a signal. */

import { batch, computed, effect, type Signal, signal } from "@preact/signals";
import { type Connection, Wire } from "../wire/connection";
import { type BinaryMessage, decode } from "../wire/frames";
import type { Change, Command } from "../wire/protocol/commands";
import type { Diagnoses, Kept, Refusal, ServerEvent, State } from "../wire/protocol/events";
import type { Patch } from "../wire/protocol/experiment";
import type { DataHeader, FrameHeader } from "../wire/protocol/headers";
import type { Vocabulary } from "../wire/protocol/vocabulary";
import { getJson, Refused } from "../wire/requests";
import { taken } from "./links";
import { report } from "./troubles";
import { watched } from "./watched";

export const connection = signal<Connection>("connecting");
export const vocabulary = signal<Vocabulary | null>(null);
export const state = signal<State | null>(null);
export const data = signal<BinaryMessage<DataHeader> | null>(null);
export const frame = signal<BinaryMessage<FrameHeader> | null>(null);
export const diagnoses = signal<Diagnoses | null>(null);
export const refusal = signal<Refusal | null>(null);
export const kept = signal<Kept | null>(null);

/** True if the user prefers reduced motion: nothing plays by itself then. */
export const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** True if commands of the page cannot reach a run. */
export const isDead = computed(
  () => connection.value === "lost" || connection.value === "restarted",
);

export const playing = computed(() => !isDead.value && state.value?.run.status === "playing");

/** The newest frame for text and slow drawings: ten a second while a run plays. */
export const readable = seldom(95);
/** The newest frame for many small drawings: twenty a second. */
export const glimpsed = seldom(45);
export const epoch = computed(() => readable.value?.header.epoch ?? state.value?.run.epoch ?? 0);

const CALM_PAUSE = 1000;

/** A state whose data has not arrived; it is shown together with the data. */
let arriving: State | null = null;
let session: string | null = null;

const wire = new Wire({
  event: handle,
  binary: hearBinary,
  connection: (status) => {
    connection.value = status;
  },
});

export function connect(): void {
  wire.connect();
}

export async function begin(): Promise<void> {
  connect();
  effect(() => {
    wire.send({ do: "watch", ...watched() });
  });
  try {
    vocabulary.value = await getJson<Vocabulary>("/api/vocabulary");
  } catch (error) {
    refuse("vocabulary", error);
  }
}

/** Show why a request was refused. */
export function refuse(action: string, error: unknown): void {
  if (!(error instanceof Error)) throw error;
  const message =
    error instanceof Refused ? error.message : `The server did not answer: ${error.message}`;
  refusal.value = { is: "error", of: action, message, parameter: null };
}

export function send(command: Command): void {
  refusal.value = null;
  wire.send(command);
}

/** Change the experiment; an error appears in `refusal`. */
export function change(experiment: Patch, how: Change = {}): void {
  refusal.value = null;
  wire.send({ do: "set", experiment, ...how });
}

function handle(event: ServerEvent): void {
  switch (event.is) {
    case "hello":
      if (session !== null && session !== event.session) forget();
      session = event.session;
      wire.send({ do: "watch", ...watched() });
      wire.send({ do: "ready" });
      openLink();
      if (event.fresh && !calm.matches) wire.send({ do: "play" });
      break;
    case "state":
      arriving = event;
      arrive(data.value);
      break;
    case "error":
      refusal.value = event;
      break;
    case "kept":
      kept.value = event;
      break;
    case "diagnoses":
      diagnoses.value = event;
      break;
  }
}

/** Show a state once the data of its run is there, so that no picture mixes two runs. */
function arrive(rows: BinaryMessage<DataHeader> | null): void {
  const next = arriving;
  if (!next || next.run.id !== rows?.header.run) return;
  arriving = null;
  batch(() => {
    if (frame.value && frame.value.header.run !== next.run.id) {
      diagnoses.value = null;
      // Drop the previous run's picture unless both have the same plane.
      if (!sameShape(state.value, next) || !samePlane(data.value, rows)) frame.value = null;
    }
    data.value = rows;
    state.value = next;
  });
}

/** Drop everything that belongs to the previous session. */
function forget(): void {
  arriving = null;
  batch(() => {
    for (const each of [state, data, frame, diagnoses, kept]) each.value = null;
  });
}

/** Open the link in the address, if there is one. */
export function openLink(): void {
  const link = taken();
  if (link !== null) send({ do: "open", link });
}

/** Return true if data (apart from drawn points), inputs and layers are equal, so that the picture can stay. */
function sameShape(before: State | null, after: State): boolean {
  // Points are drawn one by one, and the displayed network was trained on most of them.
  const shape = ({ experiment: { data, inputs }, network }: State) =>
    JSON.stringify([{ ...data, points: null }, inputs, network.weights, network.biases]);
  return before !== null && shape(before) === shape(after);
}

function samePlane(
  before: BinaryMessage<DataHeader> | null,
  after: BinaryMessage<DataHeader>,
): boolean {
  return JSON.stringify(before?.header.plane) === JSON.stringify(after.header.plane);
}

/** Return the newest frame as a signal that changes at most once in an interval while a run plays. */
function seldom(pause: number): Signal<BinaryMessage<FrameHeader> | null> {
  const seen = signal<BinaryMessage<FrameHeader> | null>(null);
  let next = 0;
  let waiting: ReturnType<typeof setTimeout> | undefined;

  function look(): void {
    clearTimeout(waiting);
    waiting = undefined;
    next = performance.now() + pause;
    seen.value = frame.peek();
  }

  effect(() => {
    const [newest, before] = [frame.value?.header, seen.peek()?.header];
    const goesOn = newest?.status === "playing" && newest.run === before?.run;
    if (!goesOn || performance.now() >= next) look();
    // Update with the frame that is due then, if one arrives.
    else waiting ??= setTimeout(look, 2 * pause);
  });
  return seen;
}

function hearBinary(buffer: ArrayBuffer): void {
  const message = readBinary(buffer);
  if (message?.header.kind === "data") {
    arrive(message as BinaryMessage<DataHeader>);
    return;
  }
  // Also after an unreadable frame, or no further frame would arrive.
  requestAnimationFrame(() => {
    // The server computes the next frame while this one is drawn, and never more than one.
    if (calm.matches && playing.value) setTimeout(() => wire.send({ do: "ready" }), CALM_PAUSE);
    else wire.send({ do: "ready" });
  });
  if (!message) return;
  // Update immediately: drawings wait for the animation frame themselves.
  const news = message as BinaryMessage<FrameHeader>;
  if (news.header.run === state.value?.run.id) frame.value = news;
}

function readBinary(buffer: ArrayBuffer): BinaryMessage<DataHeader | FrameHeader> | null {
  try {
    return decode<DataHeader | FrameHeader>(buffer);
  } catch (error) {
    report("read a frame", error);
    return null;
  }
}
