// Fixtures (fixtures/README.md): cases of a library, their rows as tensors of a schema, and how far results are from its own.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import type { ConvertOptions } from "../../src/convert/index.ts";
import type { Schema } from "../../src/core/index.ts";
import type { Tensor } from "../../src/onnx/index.ts";

export type Cell = number | string | boolean | null;

export interface FixtureCase {
  readonly case: string;
  readonly library: string;
  readonly version: string;
  readonly about: string;
  readonly model: string;
  readonly data: string;
  readonly options?: ConvertOptions;
  readonly edges: readonly (readonly [row: number, column: number, value: Cell])[];
  readonly outputs: Readonly<Record<string, readonly Cell[]>>;
}

interface DataSet {
  readonly columns: readonly { readonly name: string; readonly values: readonly Cell[] }[];
}

const folder = path.join(import.meta.dirname, "../../fixtures");

export function caseNames(library: string): string[] {
  return readdirSync(path.join(folder, library))
    .filter((file) => file.endsWith(".json.gz") && existsModel(library, file))
    .map((file) => file.slice(0, -".json.gz".length))
    .sort();
}

/** JSON models end in .json.gz too: a case is a file that says which model it belongs to. */
function existsModel(library: string, file: string): boolean {
  return gunzipSync(readFileSync(path.join(folder, library, file)))
    .subarray(0, 9)
    .toString()
    .startsWith('{"case":');
}

export function readCase(library: string, name: string): FixtureCase {
  return JSON.parse(unpacked(library, `${name}.json`).toString()) as FixtureCase;
}

export function readModelFile(fixture: FixtureCase): Uint8Array {
  return unpacked(fixture.library, fixture.model);
}

/** The rows of the data set, then the edges, by column. */
export function rowsOf(fixture: FixtureCase): Cell[][] {
  const data = JSON.parse(unpacked(fixture.library, `data/${fixture.data}.json`).toString()) as DataSet;
  return data.columns.map(({ values }, column) => [
    ...values,
    ...fixture.edges.map(([row, at, value]) => (at === column ? value : values[row]!)),
  ]);
}

/** Feeds for a converted model, by its schema: columns, or one matrix. */
export function feedsOf(columns: readonly Cell[][], schema: Schema): Record<string, Tensor> {
  const rows = columns[0]!.length;
  if (schema.inputs.length === 1 && schema.inputs[0]!.layout === "batch") {
    const { name, dtype } = schema.inputs[0]!;
    const data = numbers(dtype, rows * columns.length);
    columns.forEach((values, column) => {
      values.forEach((value, row) => {
        data[row * columns.length + column] = numberOf(value);
      });
    });
    return { [name]: { dtype, dims: [rows, columns.length], data } };
  }
  return Object.fromEntries(
    schema.inputs.map(({ name, dtype, missingValue = "" }, index) => {
      const values = columns[index]!;
      const data =
        dtype === "string"
          ? values.map((value) => (value === null ? missingValue : String(value)))
          : dtype === "int64"
            ? BigInt64Array.from(values, (value) => BigInt(value as number))
            : numbers(dtype, rows).map((_, row) => numberOf(values[row]!));
      return [name, { dtype, dims: [rows, 1], data }];
    }),
  );
}

function numbers(dtype: string, length: number): Float32Array | Float64Array {
  return dtype === "float32" ? new Float32Array(length) : new Float64Array(length);
}

export function numberOf(value: Cell): number {
  return value === null ? Number.NaN : Number(value);
}

function unpacked(library: string, file: string): Buffer {
  return gunzipSync(readFileSync(path.join(folder, library, `${file}.gz`)));
}

export interface Difference {
  readonly values: number;
  /** Values whose bits differ (any NaN equals any NaN). */
  readonly differing: number;
  readonly maxAbsolute: number;
  /** Largest difference in units of the expected value's last place. */
  readonly maxUlp: number;
}

export function differenceOf(actual: Tensor, expected: readonly Cell[]): Difference {
  const data = actual.data;
  if (data.length !== expected.length) throw new Error(`${data.length} values, the library has ${expected.length}`);
  let differing = 0;
  let maxAbsolute = 0;
  let maxUlp = 0;
  for (let i = 0; i < expected.length; i++) {
    const want = expected[i]!;
    const got = data[i]!;
    if (typeof got === "string" || typeof got === "bigint") {
      if (got !== (typeof got === "bigint" ? BigInt(want as number) : want)) differing++;
      continue;
    }
    const number = numberOf(want);
    if (Object.is(number, got)) continue;
    differing++;
    const distance = Math.abs(number - got);
    maxAbsolute = Math.max(maxAbsolute, Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance);
    maxUlp = Math.max(maxUlp, ulps(number, got, actual.dtype === "float32"));
  }
  return { values: expected.length, differing, maxAbsolute, maxUlp };
}

function ulps(a: number, b: number, single: boolean): number {
  const order = (value: number): bigint => {
    const bits = single
      ? BigInt(new Int32Array(Float32Array.of(value).buffer)[0]!)
      : new BigInt64Array(Float64Array.of(value).buffer)[0]!;
    return bits >= 0n ? bits : -(bits & (single ? 0x7fff_ffffn : 0x7fff_ffff_ffff_ffffn));
  };
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.POSITIVE_INFINITY;
  const distance = order(a) - order(b);
  return Number(distance < 0n ? -distance : distance);
}
