// Tabular steps against scikit-learn, numpy and pandas on hard values: evaluation and graph within 1e-12 of the library (fixtures/steps).
import { readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { float64, int64, strings, type Tensor } from "../../../src/onnx/index.ts";
import { column, expectTensor, openStep } from "../step_harness.ts";

interface Stored {
  readonly name: string;
  readonly dtype: "float64" | "int64" | "string";
  readonly values: readonly (number | string)[];
}
interface Case {
  readonly name: string;
  readonly step: string;
  readonly options: unknown;
  readonly inputs: readonly Stored[];
  readonly outputs: readonly Stored[];
}

const file = path.join(import.meta.dirname, "..", "..", "..", "fixtures", "steps", "tabular.json.gz");
const cases = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Case[];

test.each(cases.map((each): [string, Case] => [each.name, each]))(
  "%s",
  async (_name, { step, options, inputs, outputs }) => {
    const columns = inputs.map(({ name, dtype }) => column(name, dtype, { missing: dtype === "float64" }));
    const within = { relative: 1e-12, absolute: 1e-300 };
    await using opened = await openStep({ step, options, columns }, ["native", "micro"]);
    const { columns: results } = await opened.agree(inputs.map(tensorOf), { relative: 1e-12, absolute: 1e-13 });
    const names = opened.plan.writes.map(({ name }) => name);
    for (const wanted of outputs) {
      const at = names.indexOf(wanted.name);
      expect(at, `column ${wanted.name} among ${names.join(", ")}`).toBeGreaterThanOrEqual(0);
      expectTensor(results[at]!, tensorOf(wanted), within, wanted.name);
    }
  },
);

function tensorOf({ dtype, values }: Stored): Tensor {
  if (dtype === "string") return strings(values as string[]);
  return dtype === "int64" ? int64(values as number[]) : float64(values.map(Number));
}
