// The compact dialect of real models: smaller, the same decisions for the same float32 inputs, numbers within what is promised.
import { expect, test } from "vitest";
import { compacted } from "../../../src/convert/compact/index.ts";
import { type Converted, type ConvertOptions, convertModel, edgeRows } from "../../../src/convert/index.ts";
import { singleFrom, singleTo } from "../../../src/convert/neighbours.ts";
import { emitTreeEnsemble, splitMode } from "../../../src/convert/tree_ensemble.ts";
import { detectFormat, memoryFile } from "../../../src/formats/index.ts";
import { compileGraph, float32, float64, GraphBuilder, type Tensor, writeModel } from "../../../src/onnx/index.ts";
import { encodeRecords, openPredictor, type RuntimeName } from "../../../src/runtime/index.ts";
import { caseNames, readCase, readModelFile } from "../fixture.ts";
import { convertedCase, sklearnCases } from "../sklearn/fixture.ts";

interface Cast {
  readonly name: string;
  readonly exact: Converted;
  readonly compact: Converted;
}

async function castOf(library: string, name: string): Promise<Cast> {
  const fixture = readCase(library, name);
  const file = memoryFile(readModelFile(fixture), fixture.model);
  const format = await detectFormat(file);
  const convert = async (dialect: NonNullable<ConvertOptions["dialect"]>) =>
    convertModel(format, await format.read(file), { ...fixture.options, dialect });
  return { name, exact: await convert("exact"), compact: await convert("compact") };
}

/** Of the newest release of each case. */
function newest(library: string): string[] {
  return [...new Map(caseNames(library).map((name) => [name.replace(/-\d[\d.]*(-\w+)?$/, ""), name])).values()];
}

test.each(["xgboost", "lightgbm", "catboost"])("%s in float32", async (library) => {
  for (const name of newest(library)) await check(await castOf(library, name));
});

const families = [...Map.groupBy([...sklearnCases()].at(-1)![1], ({ family }) => family)];

test.each(families)("scikit-learn in float32, %s", async (_family, cases) => {
  for (const one of cases.filter(({ form }) => form === cases[0]!.form)) {
    const exact = await convertedCase(one);
    await check({ name: one.case, exact, compact: compacted(exact) });
  }
});

/**
 * What float32 cannot know, found by moving each record by 2^-22 of its values and computing the library's own answers in float64.
 * Forests of standardized columns, alone and in a stack: every value that is further off lies between such answers; one more step down a tree moves
 * the score. Quantiles mapped to a normal distribution: so do 146 of 179, next to gaps of the training data; the others are clipped at a share of
 * 1 - 1e-7, which float32 rounds to the next that it has: a quantile of 5.167 for 5.199. Neighbours weighed by distance and the local outlier factor:
 * records of 1e6, far from all training rows, whose distances differ by less than a float32 of that size can say.
 */
const tooFine = new Set([
  "quantiles-normal-of-gaps",
  "knn-regressor-by-distance",
  "isolation-forest-of-scaled-columns",
  "local-outlier-factor",
  "orders-stacking",
]);

async function check({ name, exact, compact }: Cast): Promise<void> {
  expect(
    compact.schema.inputs.some(({ dtype }) => dtype === "float64"),
    name,
  ).toBe(false);
  const [whole, bytes] = [writeModel(exact.model), writeModel(compact.model)];
  if (whole.length > 20_000 && exact.schema.outputs.some(({ dtype }) => dtype === "float64"))
    // Much of some graphs is nodes, which are as large in either dialect.
    expect(bytes.length / whole.length, `${name}: size`).toBeLessThan(1);
  const rows = edgeRows(compact.model, compact.schema, compact.accepts ? { accepts: compact.accepts } : {});
  const feeds = encodeRecords(
    compact.schema,
    rows.map(({ inputs }) => inputs),
  );
  const expected = compact.reference!(feeds);
  for (const runtime of tooFine.has(name) ? [] : (["native", "micro"] as const)) {
    const actual = await run(runtime, bytes, compact, feeds);
    let [values, beyond] = [0, 0];
    for (const [output, wanted] of Object.entries(expected)) {
      values += wanted.data.length;
      beyond += countBeyond(actual[output]!, wanted, compact.promises[output]!);
    }
    expect(
      beyond / values,
      `${name}, ${runtime}: ${beyond} of ${values} values further off than promised`,
    ).toBeLessThanOrEqual(0.02);
  }
}

async function run(runtime: RuntimeName, bytes: Uint8Array, { schema }: Converted, feeds: Record<string, Tensor>) {
  const predictor = await openPredictor({ bytes }, schema, { runtime });
  try {
    return await predictor.run(feeds);
  } finally {
    await predictor.close();
  }
}

function countBeyond(actual: Tensor, wanted: Tensor, promise: Converted["promises"][string]): number {
  let beyond = 0;
  for (const [at, want] of wanted.data.entries()) {
    const got = actual.data[at]!;
    if (got === want || Object.is(got, want)) continue;
    const [a, b] = [Number(got), Number(want)];
    if (promise.exact || !(Math.abs(a - b) <= promise.absolute + promise.relative * Math.abs(b))) beyond++;
  }
  return beyond;
}

test.each(Object.entries(splitMode).filter(([mode]) => ["leq", "lt", "gte", "gt"].includes(mode)))(
  "a threshold of mode %s decides every float32 as in float64",
  (_mode, mode) => {
    const thresholds = [0.1, -0.1, 0.5, 1e-46, -1e-46, 16777217, 1 / 3, 0];
    for (const threshold of thresholds) {
      const g = new GraphBuilder("tree");
      const sums = emitTreeEnsemble(g, g.input("x", "float64", ["N", 1]), {
        dtype: "float64",
        roots: Int32Array.of(0),
        feature: Int32Array.of(0),
        mode: Uint8Array.of(mode),
        threshold: Float64Array.of(threshold),
        trueChild: Int32Array.of(~0),
        falseChild: Int32Array.of(~1),
        missingTracksTrue: Uint8Array.of(0),
        members: [],
        leafTarget: Int32Array.of(0, 0),
        leafWeight: Float64Array.of(1, 2),
        targets: 1,
      });
      g.output(sums, "y");
      const exact: Converted = {
        model: g.build(),
        schema: {
          inputs: [{ name: "x", type: "float", dtype: "float64", shape: [], layout: "column" }],
          outputs: [{ name: "y", type: "float", dtype: "float64", shape: [], layout: "batch" }],
        },
        promises: {},
        notes: [],
      };
      const asked = [singleTo(threshold), singleFrom(threshold), Math.fround(threshold), -1, 1];
      const wide = compileGraph(exact.model).run({ x: float64(asked, [5, 1]) })["y"]!;
      const narrow = compileGraph(compacted(exact).model).run({ x: float32(asked, [5, 1]) })["y"]!;
      expect([...narrow.data], `threshold ${threshold}`).toEqual([...wide.data]);
    }
  },
);
