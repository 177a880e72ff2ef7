// Edge rows of every fixture: the graph must answer them as the evaluation beside it does.
import { expect, test } from "vitest";
import { type Converted, convertModel, edgeRows } from "../../src/convert/index.ts";
import { detectFormat, memoryFile } from "../../src/formats/index.ts";
import { type Tensor, writeModel } from "../../src/onnx/index.ts";
import { encodeRecords, openPredictor } from "../../src/runtime/index.ts";
import { caseNames, readCase, readModelFile } from "./fixture.ts";
import { convertedCase, sklearnCases } from "./sklearn/fixture.ts";

test.each(["xgboost", "lightgbm", "catboost"])("edge rows of every %s fixture", async (library) => {
  for (const name of caseNames(library)) {
    const fixture = readCase(library, name);
    const file = memoryFile(readModelFile(fixture), fixture.model);
    const format = await detectFormat(file);
    await agrees(name, convertModel(format, await format.read(file), fixture.options ?? {}));
  }
});

const newest = [...sklearnCases()].at(-1)!;
const families = [...Map.groupBy(newest[1], ({ family }) => family)];

test.each(families)("edge rows of scikit-learn, %s", async (_family, cases) => {
  for (const one of cases.filter(({ form }) => form === cases[0]!.form))
    await agrees(one.case, await convertedCase(one));
});

async function agrees(name: string, converted: Converted): Promise<void> {
  const { model, schema, promises, reference, accepts } = converted;
  const rows = edgeRows(model, schema, accepts ? { accepts } : {});
  const feeds = encodeRecords(
    schema,
    rows.map(({ inputs }) => inputs),
  );
  const expected = reference!(feeds);
  const predictor = await openPredictor({ bytes: writeModel(model) }, schema, { runtime: "micro" });
  const actual = await predictor.run(feeds);
  await predictor.close();
  for (const [output, wanted] of Object.entries(expected)) {
    const found = difference(actual[output]!, wanted, promises[output]!);
    if (found === null) continue;
    const row = Math.floor(found / (wanted.data.length / rows.length));
    expect
      .soft(`${rows[row]!.about}: ${actual[output]!.data[found]}`, `${name}, ${output}`)
      .toBe(String(wanted.data[found]));
  }
}

/** Where the first value stands that is further away than promised. */
function difference(actual: Tensor, wanted: Tensor, promise: Converted["promises"][string]): number | null {
  expect(actual.data.length).toBe(wanted.data.length);
  for (const [at, want] of wanted.data.entries()) {
    const got = actual.data[at]!;
    if (got === want || Object.is(got, want)) continue;
    const [a, b] = [Number(got), Number(want)];
    if (!promise.exact && Math.abs(a - b) <= promise.absolute + promise.relative * Math.abs(b)) continue;
    return at;
  }
  return null;
}
