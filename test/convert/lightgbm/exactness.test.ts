// Every LightGBM fixture on both ONNX runtimes, against what LightGBM itself predicted: bit for bit where that is promised.
import { expect, test } from "vitest";
import { convertLightgbm } from "../../../src/convert/lightgbm/index.ts";
import { readLightgbm } from "../../../src/formats/index.ts";
import { writeModel } from "../../../src/onnx/index.ts";
import { openPredictor } from "../../../src/runtime/index.ts";
import { caseNames, differenceOf, feedsOf, numberOf, readCase, readModelFile, rowsOf } from "../fixture.ts";

const names = caseNames("lightgbm");

test("the fixtures cover four versions and at least 500 rows each", () => {
  expect(new Set(names.map((name) => readCase("lightgbm", name).version))).toEqual(
    new Set(["2.2.3", "3.3.5", "4.0.0", "4.7.0"]),
  );
  for (const name of names) expect(rowsOf(readCase("lightgbm", name))[0]!.length, name).toBeGreaterThanOrEqual(500);
});

test.each(names)("%s", async (name) => {
  const fixture = readCase("lightgbm", name);
  const { model, schema, promises } = convertLightgbm(
    readLightgbm(readModelFile(fixture), fixture.model),
    fixture.options,
  );
  const feeds = feedsOf(rowsOf(fixture), schema);
  expect(schema.outputs.map((output) => output.name)).toEqual(Object.keys(fixture.outputs));
  const bytes = writeModel(model);
  for (const runtime of ["native", "wasm", "micro"] as const) {
    await using predictor = await closing(openPredictor({ bytes }, schema, { runtime }));
    const results = await predictor.run(feeds);
    for (const [output, expected] of Object.entries(fixture.outputs)) {
      const promise = promises[output]!;
      const actual = results[output]!;
      const where = `${runtime}, ${output}`;
      if (promise.exact) expect(differenceOf(actual, expected).differing, where).toBe(0);
      else
        expected.forEach((cell, i) => {
          const want = numberOf(cell);
          const got = Number(actual.data[i]);
          const near =
            Object.is(got, want) || Math.abs(got - want) <= promise.absolute + promise.relative * Math.abs(want);
          if (!near) expect.fail(`${where}: value ${i} is ${got}, LightGBM has ${want}`);
        });
    }
  }
});

async function closing<T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T & AsyncDisposable> {
  const opened = await opening;
  return Object.assign(opened, { [Symbol.asyncDispose]: () => opened.close() });
}
