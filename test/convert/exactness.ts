// A converted fixture on every runtime, against what the library itself predicted: bit for bit where that is promised.
import { expect } from "vitest";
import type { Converted } from "../../src/convert/index.ts";
import type { Schema } from "../../src/core/index.ts";
import { type Tensor, writeModel } from "../../src/onnx/index.ts";
import { type GraphFile, openPredictor, type RuntimeName } from "../../src/runtime/index.ts";
import { type Cell, differenceOf, type FixtureCase, feedsOf, numberOf, rowsOf } from "./fixture.ts";

export async function expectExactness(fixture: FixtureCase, converted: Converted): Promise<void> {
  expect(converted.schema.outputs.map((output) => output.name)).toEqual(Object.keys(fixture.outputs));
  await expectAnswers(rowsOf(fixture), fixture, converted);
}

/** @param columns the values of each input, row by row */
export async function expectAnswers(
  columns: readonly Cell[][],
  answered: Pick<FixtureCase, "library" | "outputs">,
  converted: Converted,
): Promise<void> {
  const { model, schema, promises, reference } = converted;
  const feeds = feedsOf(columns, schema);
  const bytes = writeModel(model);
  for (const runtime of ["native", "wasm", "micro", "evaluation"] as const) {
    const results = runtime === "evaluation" ? reference!(feeds) : await onRuntime(runtime, { bytes }, schema, feeds);
    for (const [output, expected] of Object.entries(answered.outputs)) {
      const promise = promises[output]!;
      const actual = results[output]!;
      const where = `${runtime}, ${output}`;
      if (promise.exact) {
        expect(differenceOf(actual, expected).differing, where).toBe(0);
        continue;
      }
      expected.forEach((cell, i) => {
        const want = numberOf(cell);
        const got = Number(actual.data[i]);
        const near =
          Object.is(got, want) || Math.abs(got - want) <= promise.absolute + promise.relative * Math.abs(want);
        if (!near) expect.fail(`${where}: value ${i} is ${got}, ${answered.library} has ${want}`);
      });
    }
  }
}

async function onRuntime(
  runtime: RuntimeName,
  graph: GraphFile,
  schema: Schema,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  const predictor = await openPredictor(graph, schema, { runtime });
  try {
    return await predictor.run(feeds);
  } finally {
    await predictor.close();
  }
}
