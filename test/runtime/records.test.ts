// Typed records to tensors and back: what is accepted, what is refused, and in which words.
import fc from "fast-check";
import { expect, test } from "vitest";
import { IngotError, type InputSpec, type OutputSpec, type Schema } from "../../src/core/index.ts";
import { float32, float64, int64, strings, type Tensor } from "../../src/onnx/index.ts";
import { decodeRecords, encodeRecords, shortestFloat32 } from "../../src/runtime/index.ts";

const column = { shape: [], layout: "column" } as const;
const age: InputSpec = {
  ...column,
  name: "age",
  type: "int",
  dtype: "float32",
  missing: "allow",
  min: 0,
  max: 120,
  unit: "year",
};
const fare: InputSpec = { ...column, name: "fare", type: "float", dtype: "float64" };
const port: InputSpec = {
  ...column,
  name: "port",
  type: "string",
  dtype: "string",
  missing: "allow",
  missingValue: "?",
};
const seen: InputSpec = { ...column, name: "seen", type: "bool", dtype: "bool" };
const id: InputSpec = { ...column, name: "id", type: "int", dtype: "int64" };
const small: InputSpec = { ...column, name: "small", type: "int", dtype: "uint8" };
const image: InputSpec = { name: "image", type: "float", dtype: "float32", shape: [2, 3], layout: "batch" };
const series: InputSpec = { name: "series", type: "float", dtype: "float32", shape: ["time"], layout: "batch" };
const half: InputSpec = { ...column, name: "half", type: "float", dtype: "float16" };

const schemaOf = (...inputs: InputSpec[]): Schema => ({ inputs, outputs: [] });
const encode = (inputs: InputSpec[], ...records: Record<string, unknown>[]) =>
  encodeRecords(schemaOf(...inputs), records);

const accepted: [name: string, spec: InputSpec, value: unknown, expected: unknown[]][] = [
  ["an int for a float column of ints", age, 39, [39]],
  ["a missing int", age, null, [Number.NaN]],
  ["an absent int", age, undefined, [Number.NaN]],
  ["NaN for a missing int", age, Number.NaN, [Number.NaN]],
  ["the word NaN for a missing int", age, "NaN", [Number.NaN]],
  ["a bigint that fits", age, 40n, [40]],
  ["the lower bound", age, 0, [0]],
  ["a float", fare, 7.25, [7.25]],
  ["minus zero", fare, -0, [-0]],
  ["infinity as a word", fare, "-Infinity", [-Infinity]],
  ["a long integer as a float", fare, 12345678901234567890n, [Number("12345678901234567890")]],
  ["a text", port, "S", ["S"]],
  ["an empty text", port, "", [""]],
  ["text outside ASCII", port, "Zürich 🚢", ["Zürich 🚢"]],
  ["a missing text", port, null, ["?"]],
  ["a truth", seen, true, [1]],
  ["a 64-bit integer", id, 9007199254740993n, [9007199254740993n]],
  ["a small integer as 64 bits", id, -3, [-3n]],
  ["the largest uint8", small, 255, [255]],
  ["half precision", half, 1.5, [0x3e00]],
  [
    "nested arrays",
    image,
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    [1, 2, 3, 4, 5, 6],
  ],
  ["a flat typed array", image, Float32Array.of(1, 2, 3, 4, 5, 6), [1, 2, 3, 4, 5, 6]],
  ["rows as typed arrays", image, [Float32Array.of(1, 2, 3), Float32Array.of(4, 5, 6)], [1, 2, 3, 4, 5, 6]],
  [
    "typed arrays that hold two levels",
    { ...image, shape: [2, 2, 2] },
    [Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6, 7, 8)],
    [1, 2, 3, 4, 5, 6, 7, 8],
  ],
  ["a varying length", series, [1, 2, 3, 4], [1, 2, 3, 4]],
];
test.each(accepted)("%s is accepted", (_name, spec, value, expected) => {
  const record = value === undefined ? {} : { [spec.name]: value };
  expect(Array.from(encode([spec], record)[spec.name]!.data as ArrayLike<unknown>)).toEqual(expected);
});

const refused: [name: string, spec: InputSpec, value: unknown, message: RegExp][] = [
  ["text for an int", age, "x", /^inputs\.age: expected int, got "x"$/],
  ["a fraction for an int", age, 3.5, /^inputs\.age: expected int, got 3\.5$/],
  ["a truth for an int", age, true, /^inputs\.age: expected int, got true$/],
  ["an object for an int", age, { a: 1 }, /^inputs\.age: expected int, got \{"a":1\}$/],
  ["above max", age, 130, /^inputs\.age: 130 is above max 120 year$/],
  ["below min", age, -1, /^inputs\.age: -1 is below min 0 year$/],
  ["infinity for an int", age, Infinity, /^inputs\.age: expected int, got Infinity$/],
  ["beyond 2^53 as a double", id, 2 ** 53, /beyond 2\^53/],
  ["beyond int64", id, 2n ** 63n, /does not fit int64/],
  ["a long integer that a float column cannot hold", age, 9007199254740993n, /cannot be held exactly by float32/],
  ["beyond uint8", small, 256, /^inputs\.small: 256 does not fit uint8 \(0 to 255\)$/],
  ["negative uint8", small, -1, /does not fit uint8/],
  ["null where a value is needed", fare, null, /^inputs\.fare: expected float, got null$/],
  ["absent where a value is needed", fare, undefined, /^inputs\.fare: is missing: expected float$/],
  ["NaN where a value is needed", fare, Number.NaN, /^inputs\.fare: expected float, got NaN$/],
  ["number text for a float", fare, "7.25", /^inputs\.fare: expected float, got "7\.25"$/],
  ["a number for a text", port, 3, /^inputs\.port: expected string, got 3$/],
  ["a NUL in a text", port, "a\0b", /NUL/],
  ["a number for a truth", seen, 1, /^inputs\.seen: expected bool, got 1$/],
  ["a scalar for an array", image, 3, /^inputs\.image: expected an array of shape \[2,3\], got 3$/],
  ["a typed array that is too short", image, Float32Array.of(1, 2), /^inputs\.image: expected 6 values, got 2$/],
  [
    "a level too few",
    { ...image, shape: [2, 2, 2] },
    [Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6)],
    /^inputs\.image\[1\]: expected 4 values, got 2$/,
  ],
  [
    "a level too many",
    image,
    [
      [1, 2, [3]],
      [4, 5, 6],
    ],
    /^inputs\.image\[0\]\[2\]: expected float, got \[3\]$/,
  ],
  ["a row too few", image, [[1, 2, 3]], /^inputs\.image: expected 2 values, got 1$/],
  [
    "a cell too many",
    image,
    [
      [1, 2, 3],
      [4, 5, 6, 7],
    ],
    /^inputs\.image\[1\]: expected 3 values, got 4$/,
  ],
  [
    "text deep inside",
    image,
    [
      [1, 2, 3],
      [4, "x", 6],
    ],
    /^inputs\.image\[1\]\[1\]: expected float, got "x"$/,
  ],
];
test.each(refused)("%s is refused", (_name, spec, value, message) => {
  const record = value === undefined ? {} : { [spec.name]: value };
  const run = () => encode([spec], record);
  expect(run).toThrow(IngotError);
  expect(run).toThrow(message);
});

test("errors in a batch name the row", () => {
  expect(() => encode([age], { age: 1 }, { age: 2 }, { age: "x" })).toThrow(
    'inputs.age: expected int, got "x" (row 2)',
  );
});

test("an unknown field names the nearest input", () => {
  const error = (() => {
    try {
      encode([age, fare], { agee: 1, fare: 2 });
    } catch (caught) {
      return caught as IngotError;
    }
  })();
  expect(error).toMatchObject({ code: "INPUT_INVALID", where: "inputs.agee", fix: 'did you mean "age"?' });
});

test("a record that is vast where it should be small is refused at once", () => {
  const near = Array.from({ length: 200 }, (_, i) => ({ ...fare, name: `feature_${i}` }));
  const key = "feature_".repeat(100_000);
  expect(() => encode(near, { [key]: 1 })).toThrow(/^inputs\.feature_.{51}…: there is no such input$/);
  const wide: InputSpec = { ...image, shape: ["n", 1_000_000] };
  const empty = Array.from({ length: 200 }, () => ({ image: [[]] }));
  expect(() => encode([wide], ...empty)).toThrow("inputs.image[0]: expected 1000000 values, got 0 (row 0)");
});

test("what every object inherits is no input", () => {
  expect(() => encode([{ ...fare, name: "constructor" }], {})).toThrow(/inputs\.constructor: is missing/);
  expect(() => encode([fare], JSON.parse('{"__proto__": 1, "fare": 2}'))).toThrow(/inputs\.__proto__/);
});

test("lengths that vary must agree within a batch", () => {
  expect(() => encode([series], { series: [1, 2] }, { series: [1] })).toThrow(
    /inputs\.series: expected 2 values, got 1 \(row 1\)/,
  );
});

test("layouts give the tensor's shape", () => {
  expect(encode([age], { age: 1 }, { age: 2 })["age"]!.dims).toEqual([2, 1]);
  expect(encode([{ ...age, layout: "batch" }], { age: 1 }, { age: 2 })["age"]!.dims).toEqual([2]);
  expect(
    encode([image], {
      image: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    })["image"]!.dims,
  ).toEqual([1, 2, 3]);
  expect(
    encode([{ ...image, layout: "whole" }], {
      image: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    })["image"]!.dims,
  ).toEqual([2, 3]);
});

const out = (spec: Partial<OutputSpec> & Pick<OutputSpec, "name" | "dtype">): OutputSpec => ({
  type: "float",
  shape: [],
  layout: "batch",
  ...spec,
});
const decode = (spec: OutputSpec, tensor: Tensor, count: number) =>
  decodeRecords({ inputs: [], outputs: [spec] }, { [spec.name]: tensor }, count).map((record) => record[spec.name]);

test("outputs become plain values", () => {
  expect(decode(out({ name: "y", dtype: "float32" }), float32([0.3, Number.NaN]), 2)).toEqual([0.3, Number.NaN]);
  expect(decode(out({ name: "y", dtype: "int64" }), int64([7n, 2n ** 60n]), 2)).toEqual([7, 2n ** 60n]);
  expect(decode(out({ name: "y", dtype: "string" }), strings(["a", "é"]), 2)).toEqual(["a", "é"]);
  expect(decode(out({ name: "y", dtype: "bool" }), { dtype: "bool", dims: [2], data: Uint8Array.of(0, 1) }, 2)).toEqual(
    [false, true],
  );
  expect(
    decode(out({ name: "y", dtype: "float64", shape: [2], classes: ["no", "yes"] }), float64([0.1, 0.9], [1, 2]), 1),
  ).toEqual([{ no: 0.1, yes: 0.9 }]);
  expect(decode(out({ name: "y", dtype: "float64", shape: [2, 1] }), float64([1, 2, 3, 4], [2, 2, 1]), 2)).toEqual([
    [[1], [2]],
    [[3], [4]],
  ]);
  expect(decode(out({ name: "y", dtype: "float64" }), float64([1, 2], [2, 1]), 2)).toEqual([1, 2]);
});

test("an output of the wrong size is the graph's fault, and said", () => {
  expect(() => decode(out({ name: "y", dtype: "float64" }), float64([1]), 2)).toThrow(
    /output y has shape \[1\] for 2 records/,
  );
  expect(() => decodeRecords({ inputs: [], outputs: [out({ name: "y", dtype: "float64" })] }, {}, 1)).toThrow(
    /output y is not among/,
  );
});

test("the shortest float32 rounds back to it and is never longer than its double", () => {
  fc.assert(
    fc.property(fc.float(), (value) => {
      const short = shortestFloat32(value);
      expect(Object.is(Math.fround(short), value)).toBe(true);
      expect(String(short).length).toBeLessThanOrEqual(String(value).length);
    }),
    { numRuns: 2000 },
  );
  expect(shortestFloat32(Math.fround(0.3))).toBe(0.3);
  expect(shortestFloat32(Math.fround(1e20))).toBe(1e20);
  expect(shortestFloat32(16_777_216)).toBe(16_777_216);
});
