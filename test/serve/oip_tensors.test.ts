import fc from "fast-check";
import { expect, test } from "vitest";
import type { DType, InputSpec } from "../../src/core/index.ts";
import { readTensor, tensorMetadata, writeTensor } from "../../src/serve/dialects/oip_tensors.ts";

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
      expect(writeTensor("x", read)).toEqual({ name: "x", datatype, shape, data: flat });
    }),
  );
});

/** Row-major values in nested arrays. */
function inBoxes(flat: readonly unknown[], [length, ...inner]: readonly number[]): unknown[] {
  if (inner.length === 0) return [...flat];
  const stride = inner.reduce((product, size) => product * size, 1);
  return Array.from({ length: length! }, (_, i) => inBoxes(flat.slice(i * stride, (i + 1) * stride), inner));
}
