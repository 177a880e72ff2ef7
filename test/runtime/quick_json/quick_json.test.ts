import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type ColumnType,
  type DType,
  IngotError,
  type InputSpec,
  type OutputSpec,
  type Schema,
} from "../../../src/core/index.ts";
import { dataType, type Tensor } from "../../../src/onnx/index.ts";
import { missingText } from "../../../src/pipeline/index.ts";
import {
  decodeRecords,
  encodeRecords,
  type InputRecord,
  quickReader,
  quickWriter,
  readJson,
  shortestFloat32,
  writeJson,
} from "../../../src/runtime/index.ts";

/** What the general way makes of a body: tensors, or the error that a caller would see. */
function general(schema: Schema, body: Buffer) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    const given = readJson(text, "request body");
    return { feeds: encodeRecords(schema, (Array.isArray(given) ? given : [given]) as InputRecord[]), error: null };
  } catch (error) {
    if (error instanceof IngotError || error instanceof TypeError) return { feeds: null, error };
    throw error;
  }
}

function check(schema: Schema, body: Buffer): "quick" | "general" {
  const quick = quickReader(schema)!(body);
  if (quick === null) return "general";
  const { feeds, error } = general(schema, body);
  if (error) throw new Error(`${body}: read although ${error.message}`);
  expect(quick.feeds).toEqual(feeds);
  return "quick";
}

const input = (name: string, type: ColumnType, dtype: DType, more: Partial<InputSpec> = {}): InputSpec => ({
  name,
  type,
  dtype,
  shape: [],
  layout: "column",
  ...more,
});
const people: Schema = {
  inputs: [
    input("age", "int", "int64", { min: 0, max: 200 }),
    input("height", "float", "float64", { missing: "allow" }),
    input("weight", "float", "float32"),
    input("née", "string", "string", { missing: "allow", missingValue: "?" }),
    input("city", "string", "string", { text: { lowercase: true } }),
    input("member", "bool", "bool"),
    input("small", "int", "int8", { layout: "batch" }),
    input("vector", "float", "float32", { shape: [3], layout: "batch", missing: "allow" }),
    input("box", "int", "int32", { shape: [2, 2], layout: "batch" }),
  ],
  outputs: [],
};
const full = {
  age: 41,
  height: 1.5,
  weight: 0.1,
  née: 'Žofie \\ "🙂"',
  city: "ÅRHUS",
  member: true,
  small: -128,
  vector: [1e-3, 2, -0],
  box: [
    [1, 2],
    [3, 4],
  ],
};
const others = { ...full };
Reflect.deleteProperty(others, "age");

const rows: [name: string, body: string, way: "quick" | "general"][] = [
  ["a record", JSON.stringify(full), "quick"],
  ["with white space", JSON.stringify(full, null, "\t"), "quick"],
  ["records", JSON.stringify(Array.from({ length: 70 }, (_, age) => ({ ...full, age }))), "quick"],
  ["another order", JSON.stringify(Object.fromEntries(Object.entries(full).reverse())), "quick"],
  [
    "missing by absence and by null",
    '{"height":null,'.concat(JSON.stringify({ ...full, height: undefined, née: undefined }).slice(1)),
    "quick",
  ],
  ["escapes", JSON.stringify(full).replace("ÅRHUS", "\\u00c5\\n\\ud83d\\ude42"), "quick"],
  ["no records", "[]", "general"],
  ["nothing", "", "general"],
  ["an input absent", JSON.stringify(others), "general"],
  ["an input twice", '{"age":1,'.concat(JSON.stringify(full).slice(1)), "general"],
  ["an unknown input", JSON.stringify({ ...full, agee: 1 }), "general"],
  ["a name that is escaped", JSON.stringify(full).replace('"age"', '"\\u0061ge"'), "general"],
  ["a comma too many", JSON.stringify(full).replace("}", ",}"), "general"],
  ["text behind", `${JSON.stringify(full)} x`, "general"],
  ["below min", JSON.stringify({ ...full, age: -1 }), "general"],
  ["a fraction for an int", JSON.stringify({ ...full, age: 1.5 }), "general"],
  ["beyond int8", JSON.stringify({ ...full, small: 128 }), "general"],
  ["16 digits", JSON.stringify(full).replace("41", "1000000000000000"), "general"],
  ["a leading zero", JSON.stringify(full).replace("41", "041"), "general"],
  ["a NUL in a text", JSON.stringify({ ...full, city: "a\0b" }), "general"],
  ["too few elements", JSON.stringify({ ...full, vector: [1, 2] }), "general"],
  ["too many elements", JSON.stringify({ ...full, vector: [1, 2, 3, 4] }), "general"],
  ["NaN as a word", JSON.stringify({ ...full, height: "NaN" }), "general"],
  ["a byte order mark", `\ufeff${JSON.stringify(full)}`, "general"],
];
test.each(rows)("%s: %s", (_name, body, way) => {
  expect(check(people, Buffer.from(body))).toBe(way);
});

test("half a character is not read", () => {
  const body = Buffer.from(JSON.stringify(full));
  body[body.indexOf("Ž")] = 0xff;
  expect(check(people, body)).toBe("general");
});

/** JSON text of numbers in every spelling. */
const numberText = fc.oneof(
  fc.double().map((value) => (Number.isFinite(value) ? String(value) : "null")),
  fc.integer().map(String),
  fc
    .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.integer({ min: -330, max: 330 }))
    .map(([m, e]) => `${m}e${e}`),
  fc.tuple(fc.nat(), fc.stringMatching(/^\d{1,25}$/)).map(([whole, part]) => `${whole}.${part}`),
  fc.constantFrom(
    "-0",
    "0.0",
    "-0.0e-5",
    "1E+2",
    "01",
    "1.",
    ".5",
    "+1",
    "1e",
    "--1",
    "9007199254740993",
    "1e400",
    "1e-400",
    "123456789012345",
    "1234567890123456.5",
  ),
);

test("every spelling of a number: the general way's value, or none", () => {
  const schema: Schema = {
    inputs: [input("x", "float", "float64"), input("n", "int", "int64", { missing: "allow" })],
    outputs: [],
  };
  fc.assert(
    fc.property(numberText, numberText, (x, n) => {
      check(schema, Buffer.from(`{"x":${x},"n":${n}}`));
      check(schema, Buffer.from(`{"x":${x},"n":1}`));
    }),
    { numRuns: 3000 },
  );
});

test("requests with bytes changed, cut or doubled: the same tensors or the general way", () => {
  const bodies = rows.map(([, body]) => Buffer.from(body));
  const change = fc.tuple(
    fc.nat(),
    fc.constantFrom(...'{}[]",:\\ 0-.eNn\0', "\xff"),
    fc.constantFrom("set", "cut", "copy"),
  );
  let quick = 0;
  fc.assert(
    fc.property(fc.constantFrom(...bodies), fc.array(change, { maxLength: 3 }), (body, changes) => {
      let bytes = Buffer.from(body);
      for (const [where, character, how] of changes) {
        const at = bytes.length === 0 ? 0 : where % bytes.length;
        const byte = Buffer.from(character, "latin1");
        const behind = bytes.subarray(how === "copy" ? at : at + 1);
        bytes = Buffer.concat([bytes.subarray(0, at), how === "cut" ? Buffer.alloc(0) : byte, behind]);
      }
      if (check(people, bytes) === "quick") quick++;
    }),
    { numRuns: 3000 },
  );
  expect(quick).toBeGreaterThan(100);
});

test("schemas that it does not read are left to the general way", () => {
  const inputs = [
    input("x", "float", "float16"),
    input("x", "float", "float32", { layout: "whole" }),
    input("x", "float", "float32", { shape: [null], layout: "batch" }),
    input("x", "float", "int32"),
  ];
  for (const spec of inputs) expect(quickReader({ inputs: [spec], outputs: [] })).toBeNull();
});

const outputTypes: [ColumnType, DType][] = [
  ["float", "float32"],
  ["float", "float64"],
  ["float", "float16"],
  ["int", "int64"],
  ["int", "uint8"],
  ["bool", "bool"],
  ["string", "string"],
];
const outputColumn = fc
  .tuple(
    fc.constantFrom(...outputTypes),
    fc.constantFrom<number[]>([], [1], [3], [2, 2]),
    fc.boolean(),
    fc.constantFrom("name", "1", "né\n"),
  )
  .map(([[type, dtype], shape, hasClasses, prefix]) => ({ type, dtype, shape, hasClasses, prefix }));

test("written records are what the general way writes", () => {
  fc.assert(
    fc.property(
      fc.array(outputColumn, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 4 }),
      fc.infiniteStream(fc.uint8Array({ minLength: 8, maxLength: 8 })),
      fc.infiniteStream(fc.oneof(fc.string({ unit: "binary" }), fc.constant(missingText))),
      (columns, count, bytes, texts) => {
        const results: Record<string, Tensor> = {};
        const outputs = columns.map(({ type, dtype, shape, hasClasses, prefix }, i): OutputSpec => {
          const name = `${prefix}${i}`;
          const size = count * shape.reduce((product, dim) => product * dim, 1);
          const { array } = dataType(dtype);
          const element = () => new array!(bytes.next().value.slice().buffer, 0, 1)[0]!;
          const data = array === null ? Array.from({ length: size }, () => texts.next().value) : new array(size);
          if (array !== null)
            for (let at = 0; at < size; at++)
              (data as unknown[])[at] = dtype === "bool" ? Number(element()) & 1 : element();
          results[name] = { dtype, dims: [count, ...shape], data };
          const classes =
            hasClasses && shape.length === 1 ? { classes: ["yes", "no", "may be"].slice(0, shape[0]) } : {};
          return { name, type, dtype, shape, layout: "batch", ...classes };
        });
        const schema: Schema = { inputs: [], outputs };
        const write = quickWriter(schema);
        expect(write(results, count, true)).toBe(writeJson(decodeRecords(schema, results, count)));
        if (count === 1) expect(write(results, 1, false)).toBe(writeJson(decodeRecords(schema, results, 1)[0]));
      },
    ),
    { numRuns: 400 },
  );
});

test("float32 values have the shortest decimal that toPrecision finds", () => {
  const byText = (value: number) => {
    for (let digits = 6; digits < 9; digits++) {
      const short = Number(value.toPrecision(digits));
      if (Math.fround(short) === value) return short;
    }
    return Number(value.toPrecision(9));
  };
  fc.assert(
    fc.property(
      fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(1e-30) }),
      fc.boolean(),
      (size, isNegative) => {
        const value = isNegative ? -size : size;
        if (!Number.isSafeInteger(value)) expect(shortestFloat32(value)).toBe(byText(value));
      },
    ),
    { numRuns: 20_000 },
  );
  fc.assert(
    fc.property(fc.integer({ min: -999_999, max: 999_999 }), fc.integer({ min: -12, max: 6 }), (mantissa, exponent) => {
      const value = Math.fround(Number(`${mantissa}e${exponent}`));
      if (!Number.isSafeInteger(value)) expect(shortestFloat32(value)).toBe(byText(value));
    }),
    { numRuns: 20_000 },
  );
});
