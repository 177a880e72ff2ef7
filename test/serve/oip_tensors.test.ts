import fc from "fast-check";
import { expect, test } from "vitest";
import type { DType, InputSpec } from "../../src/core/index.ts";
import { readTensor, tensorMetadata, writeTensor } from "../../src/serve/dialects/oip_tensors.ts";
import { rawTensor, readRawTensor } from "../../src/serve/dialects/raw_tensors.ts";

const elements: Partial<Record<DType, fc.Arbitrary<unknown>>> = {
  float64: fc.double({ noNaN: true, noDefaultInfinity: true }),
  float32: fc.float({ noNaN: true, noDefaultInfinity: true }),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  int32: fc.integer(),
  bool: fc.boolean(),
  string: fc.string({ unit: "grapheme" }),
};

const rows = Object.entries(elements) as [DType, fc.Arbitrary<unknown>][];
test.each(rows)("%s: flat or nested, what is read is what is written", (dtype, element) => {
  const spec: InputSpec = { name: "x", type: "float", dtype, shape: [null, 3], layout: "batch" };
  const { datatype } = tensorMetadata(spec);
  const box = fc
    .tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 3 }))
    .chain(([n, m]) =>
      fc.tuple(fc.constant([n, m, 3]), fc.array(element, { minLength: n * m * 3, maxLength: n * m * 3 })),
    );
  fc.assert(
    fc.property(box, ([shape, flat]) => {
      const read = readTensor({ name: "x", datatype, shape, data: flat }, spec);
      const nested = inBoxes(flat, shape);
      expect(readTensor({ name: "x", datatype, shape, data: nested }, spec)).toEqual(read);
      const written = writeTensor("x", read);
      // float32 is written with as few digits as name the value, and read back as it was.
      const data = dtype === "float32" ? written.data.map((value) => Math.fround(value as number)) : written.data;
      expect({ ...written, data }).toEqual({ name: "x", datatype, shape, data: flat });
    }),
  );
});

test.each(rows)("%s as bytes: what is written is read", (dtype, element) => {
  const spec: InputSpec = { name: "x", type: "float", dtype, shape: [null], layout: "batch" };
  const { datatype } = tensorMetadata(spec);
  fc.assert(
    fc.property(fc.array(element, { maxLength: 9 }), fc.integer({ min: 0, max: 7 }), (data, gap) => {
      const tensor = readTensor({ name: "x", datatype, shape: [1, data.length], data }, spec);
      const bytes = rawTensor("x", tensor);
      // Wherever it stands in a body.
      const body = Buffer.concat([Buffer.alloc(gap), bytes, Buffer.alloc(1)]).subarray(gap, gap + bytes.length);
      expect(readRawTensor({ name: "x", datatype, shape: [1, data.length] }, body, spec)).toEqual(tensor);
    }),
  );
});

test("large aligned tensors are views of the body, others are copies", () => {
  const spec: InputSpec = { name: "x", type: "float", dtype: "float32", shape: [null], layout: "batch" };
  const values = Float32Array.from({ length: 32_768 }, (_, i) => i);
  const shape = [1, values.length];
  const body = new Uint8Array(values.byteLength + 8);
  for (const [at, isView] of [
    [4, true],
    [5, false],
  ] as const) {
    body.set(new Uint8Array(values.buffer), at);
    const { data } = readRawTensor(
      { name: "x", datatype: "FP32", shape },
      body.subarray(at, at + values.byteLength),
      spec,
    );
    expect(data).toEqual(values);
    expect((data as Float32Array).buffer === body.buffer).toBe(isView);
  }
});

/** Row-major values in nested arrays. */
function inBoxes(flat: readonly unknown[], [length, ...inner]: readonly number[]): unknown[] {
  if (inner.length === 0) return [...flat];
  const stride = inner.reduce((product, size) => product * size, 1);
  return Array.from({ length: length! }, (_, i) => inBoxes(flat.slice(i * stride, (i + 1) * stride), inner));
}
