// Records are encoded a quick way that knows usual values only: it gives what the general way gives, in values and in refusals.
import fc from "fast-check";
import { expect, test } from "vitest";
import { IngotError, type InputSpec, type Schema } from "../../src/core/index.ts";
import { checkRecordNames, encodeGenerally, encodeInputs, encodeRecords } from "../../src/runtime/encode.ts";

const inputs: InputSpec[] = (
  [
    { name: "plain", type: "float", dtype: "float64" },
    { name: "gaps", type: "float", dtype: "float32", missing: "allow", min: -1, max: 100 },
    { name: "truths", type: "float", dtype: "float64", missing: "allow", booleans: "allow" },
    { name: "half", type: "float", dtype: "float16", missing: "allow" },
    { name: "age", type: "int", dtype: "float32", missing: "allow", min: 0, max: 120, unit: "year" },
    { name: "small", type: "int", dtype: "uint8" },
    { name: "id", type: "int", dtype: "int64" },
    { name: "long", type: "int", dtype: "uint64", max: 1000 },
    { name: "port", type: "string", dtype: "string", missing: "allow", missingValue: "?" },
    { name: "text", type: "string", dtype: "string" },
    { name: "low", type: "string", dtype: "string", text: { lowercase: true } },
    { name: "seen", type: "bool", dtype: "bool" },
    { name: "file", type: "bytes", dtype: "string" },
    { name: "any", type: "float", dtype: "float32", unread: true },
    { name: "1", type: "float", dtype: "float64", missing: "allow", layout: "batch" },
    { name: "pair", type: "float", dtype: "float64", missing: "allow", shape: [2], layout: "batch" },
  ] as Partial<InputSpec>[]
).map((spec) => ({ shape: [], layout: "column", ...spec }) as InputSpec);

const usual: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  float: fc.integer({ min: 0, max: 100 }).map((value) => value / 2),
  int: fc.integer({ min: 0, max: 120 }),
  string: fc.string({ unit: "binary", maxLength: 4 }).filter((text) => !text.includes("\0")),
  bool: fc.boolean(),
  bytes: fc.uint8Array({ maxLength: 4 }),
};
const odd = fc.constantFrom<unknown>(
  ...[null, undefined, Number.NaN, Infinity, -Infinity, -0, 0.5, -1, 255, 256, 1000, 1001, 2 ** 53, 2 ** 64, 5n, -5n],
  ...[2n ** 64n, "NaN", "Infinity", "12", "", "a\0b", "YWJj", "é", true, false, [], [1], {}, [1, Number.NaN]],
);

const usualValue = (spec: InputSpec) =>
  spec.shape.length > 0 ? fc.tuple(usual["float"]!, usual["float"]!) : usual[spec.type]!;

/** Values by input, a few of them unusual, keys in an order of its own, sometimes without one, with one more or with one that is not enumerable. */
function recordOf(specs: readonly InputSpec[]): fc.Arbitrary<Record<string, unknown>> {
  return fc
    .record({
      values: fc.tuple(...specs.map(usualValue)),
      order: fc.oneof({ arbitrary: fc.constant(specs.map((_, i) => i)), weight: 3 }, shuffled(specs.length)),
      changes: fc.oneof(
        { arbitrary: fc.constant([]), weight: 8 },
        fc.array(fc.tuple(fc.nat(specs.length - 1), odd), { maxLength: 2 }),
      ),
      without: seldom(fc.nat(specs.length - 1)),
      hidden: seldom(fc.nat(specs.length - 1)),
      other: seldom(fc.constantFrom("other", "plian", "__proto__", "toString")),
    })
    .map(({ values, order, changes, without, hidden, other }) => {
      const all = [...values] as unknown[];
      for (const [at, value] of changes) all[at] = value;
      const record: Record<string, unknown> = {};
      for (const at of order)
        if (at !== without)
          Object.defineProperty(record, specs[at]!.name, { value: all[at], enumerable: at !== hidden });
      if (other) Object.defineProperty(record, other, { value: 1, enumerable: true });
      return record;
    });
}

function seldom<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.oneof({ arbitrary: fc.constant(null), weight: 20 }, arbitrary);
}

function shuffled(length: number): fc.Arbitrary<number[]> {
  return fc.shuffledSubarray(
    Array.from({ length }, (_, i) => i),
    { minLength: length, maxLength: length },
  );
}

function outcome(encode: () => unknown): unknown {
  try {
    return encode();
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    const { code, what, where, fix } = error;
    return { code, what, where, fix };
  }
}

const cases = fc.subarray(inputs, { minLength: 1 }).chain((specs) =>
  fc.record({
    schema: fc.constant({ inputs: specs, outputs: [] } satisfies Schema),
    records: fc.array(fc.oneof({ arbitrary: recordOf(specs), weight: 40 }, odd as fc.Arbitrary<never>), {
      maxLength: 8,
    }),
  }),
);

test("the quick way gives the tensors and the refusals of the general way", () => {
  let [answered, refused] = [0, 0];
  fc.assert(
    fc.property(cases, fc.constantFrom(1, 40), ({ schema, records }, times) => {
      // More than are held at one time, and the first refusal far behind.
      const given = Array.from({ length: times }, () => records).flat();
      const expected = outcome(() => {
        checkRecordNames(structuredClone(schema), given);
        return encodeGenerally(schema, given);
      });
      expect(outcome(() => encodeRecords(schema, given))).toEqual(expected);
      if (Object.hasOwn(expected as object, "code")) refused++;
      else {
        answered++;
        expect(encodeInputs(schema, given)).toEqual(expected);
      }
    }),
    { numRuns: 500 },
  );
  expect(Math.min(answered, refused)).toBeGreaterThan(20);
});

test("inputs are read from records that hold more", () => {
  const schema: Schema = { inputs: inputs.slice(0, 2), outputs: [] };
  const records = [
    { gaps: 1, image: "…", plain: 2 },
    { plain: 3, gaps: null },
  ];
  const { plain, gaps } = encodeInputs(schema, records);
  expect([plain!.data, gaps!.data]).toEqual([Float64Array.of(2, 3), Float32Array.of(1, Number.NaN)]);
  expect(() => encodeRecords(schema, records)).toThrow(/there is no such input.*row 0/s);
});
