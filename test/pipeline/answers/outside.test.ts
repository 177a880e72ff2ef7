// Steps on a model's answers against what NumPy, SciPy and scikit-learn answered (fixtures/answers/make.py).
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { test } from "vitest";
import type { DType } from "../../../src/core/index.ts";
import { dataType, type Tensor, type TensorData } from "../../../src/onnx/index.ts";
import { column, expectTensor, openStep } from "../step_harness.ts";

interface Stored {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly data: readonly (number | string)[];
}
interface Case {
  readonly step: string;
  readonly options: unknown;
  readonly columns: Readonly<Record<string, Stored>>;
  readonly outputs: readonly Stored[];
}

const cases: Case[] = JSON.parse(gunzipSync(readFileSync("fixtures/answers/answers.json.gz")).toString());

test.each(cases.map((one, i) => ({ ...one, i })))("$i $step $options", async ({ step, options, columns, outputs }) => {
  const declared = Object.entries(columns).map(([name, { dtype, dims }]) =>
    column(name, dtype, { shape: dims.slice(1) }),
  );
  await using opened = await openStep({ step, options, columns: declared, place: "after" });
  const { columns: found } = await opened.agree(Object.values(columns).map(tensor), {
    relative: 1e-12,
    absolute: 1e-300,
  });
  for (const [i, expected] of outputs.entries())
    expectTensor(found[i]!, tensor(expected), { relative: 1e-12, absolute: 1e-300 }, `${step} ${i}`);
});

function tensor({ dtype, dims, data }: Stored): Tensor {
  if (dtype === "string") return { dtype, dims, data: data as string[] };
  const array = new (dataType(dtype).array!)(data.length) as unknown as (number | bigint)[];
  for (const [i, value] of data.entries()) array[i] = dtype === "int64" ? BigInt(value) : Number(value);
  return { dtype, dims, data: array as unknown as TensorData };
}
