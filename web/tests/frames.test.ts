import { describe, expect, it } from "vitest";
import { decode, FrameError } from "../src/wire/frames";

interface Written {
  name: string;
  dtype: string;
  shape: number[];
  bytes: Uint8Array;
}

function encode(header: object, arrays: Written[], version = 1, magic = "LAMW"): ArrayBuffer {
  let end = 0;
  const places = arrays.map(({ name, dtype, shape, bytes }) => {
    const offset = end;
    end = Math.ceil((end + bytes.length) / 8) * 8;
    return { name, dtype, shape, offset };
  });
  let text = JSON.stringify({ ...header, arrays: places });
  while (new TextEncoder().encode(text).length % 8 !== 0) text += " ";
  const json = new TextEncoder().encode(text);
  const buffer = new ArrayBuffer(16 + json.length + end);
  const bytes = new Uint8Array(buffer);
  bytes.set(new TextEncoder().encode(magic), 0);
  new DataView(buffer).setUint16(4, version, true);
  new DataView(buffer).setUint32(8, json.length, true);
  bytes.set(json, 16);
  for (const [number, { bytes: content }] of arrays.entries()) {
    bytes.set(content, 16 + json.length + (places[number]?.offset ?? 0));
  }
  return buffer;
}

function bytesOf(numbers: Float32Array | Float64Array | Int32Array | Uint8Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

describe("decode", () => {
  it("gives back every array to the last bit, with its shape", () => {
    const singles = new Float32Array([1.5, -0, Number.NaN, 3e-39, 5, 6]);
    const doubles = new Float64Array([Math.PI, Number.NEGATIVE_INFINITY]);
    const counts = new Int32Array([-1, 2 ** 31 - 1, 7]);
    const { header, arrays } = decode<{ kind: string; epoch: number }>(
      encode({ kind: "frame", epoch: 12 }, [
        { name: "region", dtype: "float32", shape: [2, 3], bytes: bytesOf(singles) },
        { name: "parameters", dtype: "float64", shape: [2], bytes: bytesOf(doubles) },
        { name: "confusion", dtype: "int32", shape: [3], bytes: bytesOf(counts) },
      ]),
    );
    expect(header).toEqual({ kind: "frame", epoch: 12 });
    expect(arrays.get("region")).toEqual({ shape: [2, 3], values: singles });
    expect(arrays.get("parameters")?.values).toEqual(doubles);
    expect(arrays.get("confusion")?.values).toEqual(counts);
  });

  it("reads headers with letters beyond ASCII, whose bytes are more than their letters", () => {
    const { header } = decode<{ kind: string; name: string }>(
      encode({ kind: "data", name: "x² — größer" }, []),
    );
    expect(header.name).toBe("x² — größer");
  });

  it("reads an array without elements", () => {
    const none = { name: "none", dtype: "float32", shape: [0, 4], bytes: new Uint8Array() };
    const { arrays } = decode(encode({ kind: "frame" }, [none]));
    expect(arrays.get("none")?.values.length).toBe(0);
  });

  const one = {
    name: "region",
    dtype: "float32",
    shape: [2],
    bytes: bytesOf(new Float32Array([1, 2])),
  };

  it.each([
    ["another magic", encode({ kind: "frame" }, [one], 1, "LAMX"), /begins with "LAMX"/],
    ["another version", encode({ kind: "frame" }, [one], 2), /version 2/],
    ["no more than a few bytes", new ArrayBuffer(7), /first 16 bytes/],
    ["a header that is cut off", encode({ kind: "frame" }, [one]).slice(0, 24), /does not fit/],
    ["an array that is cut off", encode({ kind: "frame" }, [one]).slice(0, -8), /outside/],
    ["an unknown dtype", encode({ kind: "frame" }, [{ ...one, dtype: "int64" }]), /int64/],
  ])("refuses %s", (_, buffer, message) => {
    expect(() => decode(buffer)).toThrow(FrameError);
    expect(() => decode(buffer)).toThrow(message);
  });
});
