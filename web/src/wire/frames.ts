/** Binary messages: a JSON header and arrays, read without copying. */

export type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array;

export interface NumberArray {
  readonly shape: readonly number[];
  readonly values: Numbers;
}

export interface BinaryMessage<Header> {
  readonly header: Header;
  readonly arrays: ReadonlyMap<string, NumberArray>;
}

interface ArrayPlace {
  name: string;
  dtype: string;
  shape: number[];
  offset: number;
}

const MAGIC = "LAMW";
const VERSION = 1;
const FIXED = 16;
const TYPES = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
} as const;

export class FrameError extends Error {}

/** Decode a message; its arrays are views of the buffer. */
export function decode<Header extends { kind: string }>(
  buffer: ArrayBuffer,
): BinaryMessage<Header> {
  const { header, start } = readHeader(buffer);
  const { arrays: places, ...rest } = header;
  if (!Array.isArray(places)) throw new FrameError("a frame's header has no list of arrays");
  const arrays = new Map<string, NumberArray>();
  for (const place of places as ArrayPlace[]) {
    arrays.set(place.name, readArray(buffer, start, place));
  }
  return { header: rest as unknown as Header, arrays };
}

function readHeader(buffer: ArrayBuffer): { header: Record<string, unknown>; start: number } {
  if (buffer.byteLength < FIXED) throw new FrameError("a frame ends within its first 16 bytes");
  const bytes = new DataView(buffer);
  const magic = String.fromCharCode(...new Uint8Array(buffer, 0, 4));
  if (magic !== MAGIC) throw new FrameError(`a frame begins with "${magic}", not "${MAGIC}"`);
  const version = bytes.getUint16(4, true);
  if (version !== VERSION) {
    throw new FrameError(`a frame is of version ${version}; this page reads ${VERSION}`);
  }
  const length = bytes.getUint32(8, true);
  const start = FIXED + length;
  if (start > buffer.byteLength || start % 8 !== 0) {
    throw new FrameError(`a frame's header of ${length} bytes does not fit`);
  }
  const text = new TextDecoder().decode(new Uint8Array(buffer, FIXED, length));
  return { header: JSON.parse(text) as Record<string, unknown>, start };
}

function readArray(buffer: ArrayBuffer, start: number, place: ArrayPlace): NumberArray {
  const { name, dtype, shape, offset } = place;
  const Type = TYPES[dtype as keyof typeof TYPES];
  if (!Type) throw new FrameError(`the array ${name} is of ${dtype}, which this page cannot read`);
  const count = shape.reduce((product, length) => product * length, 1);
  const end = start + offset + count * Type.BYTES_PER_ELEMENT;
  if (offset % 8 !== 0 || offset < 0 || end > buffer.byteLength) {
    throw new FrameError(`the array ${name} lies outside its frame`);
  }
  return { shape, values: new Type(buffer, start + offset, count) };
}
