import { expect, test } from "vitest";
import { IngotError } from "../../src/core/index.ts";
import { readModel, readTensor, tensorOf } from "../../src/onnx/index.ts";

/** Bytes from numbers and texts; a nested list is a length-delimited message. */
type Part = number | string | Part[];
function bytes(parts: readonly Part[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part): number[] => {
      if (typeof part === "number") return [part];
      if (typeof part === "string") return [...Buffer.from(part)];
      const inner = bytes(part);
      return [...varint(inner.length), ...inner];
    }),
  );
}
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}

const ir = [0x08, 8];
const many = (byte: number, count: number) => Array<number>(count).fill(byte);
/** Graphs in attributes of nodes, `depth` levels. */
const nested = (depth: number): Part[] => (depth === 0 ? [] : [0x0a, [0x2a, [0x32, nested(depth - 1)]]]);
const types = (depth: number): Part[] => (depth === 0 ? [0x0a, [0x08, 1]] : [0x22, [0x0a, types(depth - 1)]]);
const tensorIn = (...parts: Part[]): Part[] => [...ir, 0x3a, [0x2a, parts]];

const rows: [name: string, parts: Part[], message: RegExp][] = [
  ["empty file", [], /does not say its IR version/],
  ["text", ["hello world, this is no protobuf"], /at byte \d+/],
  ["field 0", [0x00, 0x01], /field number 0/],
  ["wire type 3", [0x0b], /wire type 3/],
  ["wire type 7", [0x0f], /wire type 7/],
  ["unfinished varint", [0x08, 0x80], /unfinished/],
  ["varint of eleven bytes", [0x08, ...many(0x80, 11), 0x01], /longer than ten bytes/],
  ["IR version -1", [0x08, ...many(0xff, 9), 0x01], /does not say its IR version/],
  ["IR version beyond 2^53", [0x08, ...many(0xff, 8), 0x7f], /out of range/],
  ["length beyond the file", [...ir, 0x3a, 0x05, 0x0a], /needs 5 bytes, 1 left/],
  ["length of 2^60", [...ir, 0x3a, ...many(0xff, 8), 0x0f], /out of range|needs/],
  ["inner length beyond the outer", [...ir, 0x3a, [0x0a, 0x7f, 0x0a], 0x12, 0x00], /needs 127 bytes, 1 left/],
  ["name that is not UTF-8", [...ir, 0x12, [0xc3, 0x28]], /not valid UTF-8/],
  ["graphs 40 levels deep", [...ir, 0x3a, nested(40)], /nested deeper than 100/],
  ["types 60 levels deep", [...ir, 0x3a, [0x5a, [0x12, types(60)]]], /nested deeper than 100/],
  ["negative dimension", tensorIn(0x08, ...many(0xff, 9), 0x01, 0x10, 0x01), /dimension of -1/],
  ["element type 0", tensorIn(0x08, 0x01), /element type 0/],
  ["element type 99", tensorIn(0x10, 99), /element type 99/],
  ["attribute type 99", [...ir, 0x3a, [0x0a, [0x2a, [0xa0, 0x01, 99]]]], /type 99/],
  [
    "tensor attribute without tensor",
    [...ir, 0x3a, [0x0a, [0x2a, [0x0a, ["a"], 0xa0, 0x01, 4]]]],
    /"a" is a tensor but holds none/,
  ],
  ["map with keys of type 99", [...ir, 0x3a, [0x5a, [0x12, [0x2a, [0x08, 99]]]]], /keys of type 99/],
  ["external data without a file", tensorIn(0x10, 1, 0x70, 1), /names no file/],
  [
    "external offset that is no number",
    tensorIn(0x10, 1, 0x70, 1, 0x6a, [0x0a, ["offset"], 0x12, ["-1"]]),
    /offset "-1"/,
  ],
  ["packed floats of three bytes", [...ir, 0x3a, [0x0a, [0x2a, [0x3a, [1, 2, 3]]]]], /ends inside a number/],
  ["packed integers cut off", [...ir, 0x3a, [0x0a, [0x2a, [0x42, [0x80]]]]], /unfinished|inside a number/],
];

test.each(rows)("%s", (_name, parts, message) => {
  const error = caught(() => readModel(bytes(parts), "m.onnx"));
  expect(error.code).toBe("ONNX_MALFORMED");
  expect(error.message).toMatch(message);
  expect(error.where).toMatch(/^m\.onnx at byte \d+$/);
});

const tensors: [name: string, parts: Part[], message: RegExp][] = [
  ["raw data too short", [0x08, 2, 0x10, 1, 0x4a, [0, 0, 0, 0]], /has 4 bytes of elements, .* needs 8/],
  ["fewer strings than elements", [0x08, 2, 0x10, 8, 0x32, ["a"]], /has 1 of elements/],
  ["string that is not UTF-8", [0x08, 1, 0x10, 8, 0x32, [0xff]], /not valid UTF-8/],
  ["elements in the wrong field", [0x08, 1, 0x10, 1, 0x3a, [1]], /field 7, expected 4/],
  [
    "dimensions whose product overflows",
    [0x08, ...varint(2 ** 40), 0x08, ...varint(2 ** 40), 0x10, 1, 0x4a, [0]],
    /needs/,
  ],
];

test.each(tensors)("tensor: %s", (_name, parts, message) => {
  const error = caught(() => tensorOf(readTensor(bytes(parts))));
  expect(error.code).toBe("ONNX_MALFORMED");
  expect(error.message).toMatch(message);
});

test("a list packed in several pieces and single values is one list", () => {
  const file = bytes([...ir, 0x3a, [0x0a, [0x2a, [0x40, 1, 0x42, [2, 3], 0x40, 4, 0xa0, 0x01, 7]]]]);
  expect(readModel(file).graph.nodes[0]?.attributes[0]?.value).toEqual(Int32Array.of(1, 2, 3, 4));
});

function caught(run: () => unknown): IngotError {
  try {
    run();
  } catch (error) {
    if (error instanceof IngotError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
