// Fuzz target: files of rows, whatever their format, and records made from them.
import type { InputSpec, Schema } from "../src/core/index.ts";
import { encodeRecords, inBatches, readRows } from "../src/runtime/index.ts";

export const name = "rows";

const column = { shape: [], layout: "column", missing: "allow" } as const;
const inputs: readonly InputSpec[] = [
  { ...column, name: "age", type: "int", dtype: "float32", min: 0, max: 120 },
  { ...column, name: "fare", type: "float", dtype: "float64" },
  { ...column, name: "port", type: "string", dtype: "string" },
  { ...column, name: "seen", type: "bool", dtype: "bool", missing: "refuse" },
  { ...column, name: "id", type: "int", dtype: "int64", missing: "refuse" },
  { name: "box", type: "float", dtype: "float16", shape: [null, 2], layout: "batch" },
];
const schema: Schema = { inputs, outputs: [] };

async function* chunks(bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += 61) yield bytes.subarray(at, at + 61);
}

export async function target(bytes: Uint8Array): Promise<void> {
  for await (const records of inBatches(readRows(chunks(bytes), schema, { source: "rows" }), 3))
    encodeRecords(schema, records);
}
