// Files in the forms in which TensorFlow Serving's clients send them.
import { expect, test } from "vitest";
import type { Schema } from "../../src/core/index.ts";
import { recordsFromColumns, recordsFromRows } from "../../src/serve/dialects/record_forms.ts";

const image: Schema = {
  inputs: [{ name: "image", type: "bytes", dtype: "string", shape: [], layout: "column" }],
  outputs: [],
};
/** The first bytes of a PNG, which are no UTF-8. */
const bytes = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff]);
const b64 = bytes.toString("base64");

test("an image as {b64}, by rows and by columns, alone and by name, is the base64 of its bytes", () => {
  for (const row of [
    { b64 },
    { image: { b64 } },
    { image: [{ b64 }] },
    { image: { b64: bytes.toString("base64url") } },
  ])
    expect(recordsFromRows(image, [row], "instances")).toEqual([{ image: b64 }]);
  expect(recordsFromColumns(image, { image: [{ b64 }, { b64 }] }, "inputs")).toEqual([{ image: b64 }, { image: b64 }]);
  expect(recordsFromRows(image, [{ image: b64 }], "instances")).toEqual([{ image: b64 }]);
});
