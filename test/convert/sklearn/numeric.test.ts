// The parts that transformers of numbers are made of: intervals, the normal distribution, B-splines; and what is refused.
import fc from "fast-check";
import { expect, test } from "vitest";
import { readStep } from "../../../src/convert/sklearn/estimators.ts";
import { emitIntervals, intervalOf } from "../../../src/convert/sklearn/intervals.ts";
import { emitNormalCdf, emitNormalQuantile, normalCdf, normalQuantile } from "../../../src/convert/sklearn/normal.ts";
import { basesAt, emitBases } from "../../../src/convert/sklearn/splines.ts";
import { fittedOf, PyDict, PyFloat, PyGlobal, PyList, PyObject, type PyValue } from "../../../src/formats/index.ts";
import { float64, GraphBuilder, type Value, writeModel } from "../../../src/onnx/index.ts";
import { openPredictor } from "../../../src/runtime/index.ts";

/** Columns `[N, width]` through a graph. */
async function through(
  x: Float64Array,
  width: number,
  emit: (g: GraphBuilder, x: Value) => Value,
  runtime: "native" | "micro" = "micro",
): Promise<number[]> {
  const g = new GraphBuilder("part");
  g.output(emit(g, g.input("x", "float64", ["N", width])), "y");
  const schema = { inputs: [], outputs: [] };
  const predictor = await openPredictor({ bytes: writeModel(g.build()) }, schema, { runtime });
  const { y } = await predictor.run({ x: float64(x, [x.length / width, width]) });
  await predictor.close();
  return Array.from(y!.data as ArrayLike<number | bigint>, Number);
}

const number = fc.double({ noNaN: true, min: -1e6, max: 1e6 });
const edges = fc
  .array(fc.oneof(number, fc.integer({ min: -3, max: 3 })), { maxLength: 40 })
  .map((list) => Float64Array.from(list).sort());

test("an interval is the count of edges at most the value", async () => {
  await fc.assert(
    fc.asyncProperty(edges, edges, fc.array(number, { minLength: 1, maxLength: 9 }), async (first, second, others) => {
      const values = [...others, ...first.slice(0, 5), ...second.slice(0, 5)];
      const x = Float64Array.from(values.flatMap((value) => [value, -value]));
      const expected = Array.from(x, (value, at) => (at % 2 ? second : first).filter((edge) => edge <= value).length);
      expect(Array.from(x, (value, at) => intervalOf(value, at % 2 ? second : first))).toEqual(expected);
      expect(await through(x, 2, (g, value) => emitIntervals(g, value, [first, second]))).toEqual(expected);
    }),
    { numRuns: 40 },
  );
});

/** Of scipy.stats.norm. */
const shares: [quantile: number, share: number][] = [
  [0, 0.5],
  [1, 0.8413447460685429],
  [-1.959963984540054, 0.025],
  [3.090232306167813, 0.999],
  [-5.199337582192817, 1e-7],
  [0.25334710313579967, 0.6],
];

test.each(["native", "micro"] as const)("the normal distribution and its inverse, %s", async (runtime) => {
  const quantiles = Float64Array.from(shares, ([quantile]) => quantile);
  const own = Float64Array.from(shares, ([, share]) => share);
  const cdf = await through(quantiles, 1, emitNormalCdf, runtime);
  const inverse = await through(own, 1, emitNormalQuantile, runtime);
  shares.forEach(([quantile, share], at) => {
    for (const found of [normalCdf(quantile), cdf[at]!]) expect(Math.abs(found / share - 1)).toBeLessThan(1e-14);
    for (const found of [normalQuantile(share), inverse[at]!]) expect(Math.abs(found - quantile)).toBeLessThan(1e-14);
  });
});

test("a quantile has its share", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-7, max: 1 - 1e-7, noNaN: true }), (share) => {
      expect(Math.abs(normalCdf(normalQuantile(share)) / share - 1)).toBeLessThan(1e-13);
    }),
  );
});

test("bases of a spline add up to 1, in the graph as outside of it", async () => {
  const knots = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 12, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(
      knots,
      fc.integer({ min: 0, max: 4 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }),
      async (steps, degree, places) => {
        let at = 0;
        const own = Float64Array.from(steps, (step) => (at += step));
        const width = own.length - degree - 1;
        const [low, high] = [own[degree]!, own[width]!];
        const x = Float64Array.from(places, (place) => low + place * (high - low));
        const bases = { degree, knots: [own], width };
        const rows = Array.from(x, (value) => basesAt(value, own, bases));
        for (const row of rows) expect(Math.abs(row.reduce((sum, value) => sum + value, 0) - 1)).toBeLessThan(1e-12);
        expect(await through(x, 1, (g, value) => emitBases(g, value, bases))).toEqual(
          rows.flatMap((row) => Array.from(row)),
        );
      },
    ),
    { numRuns: 25 },
  );
});

function list(...items: PyValue[]): PyList {
  const value = new PyList();
  value.items.push(...items);
  return value;
}

const refused: [name: string, className: string, attributes: Record<string, PyValue>, message: RegExp][] = [
  [
    "an imputer that draws at random",
    "sklearn.impute._iterative.IterativeImputer",
    { sample_posterior: true },
    /at random/,
  ],
  [
    "pooling by a function of one's own",
    "sklearn.cluster._agglomerative.FeatureAgglomeration",
    { labels_: list(0, 1, 0), pooling_func: new PyGlobal("mine", "pool") },
    /pools columns by mine\.pool/,
  ],
  [
    "more columns than anyone uses",
    "sklearn.preprocessing._polynomial.PolynomialFeatures",
    { n_features_in_: 100_000, degree: 9, include_bias: true, interaction_only: false },
    /choose a smaller `degree`|more than 1048576 columns/,
  ],
  [
    "a method that is not known",
    "sklearn.preprocessing._data.PowerTransformer",
    { lambdas_: list(new PyFloat(1)), method: "cube", standardize: false },
    /has the method cube/,
  ],
  [
    "quantiles without as many references",
    "sklearn.preprocessing._data.QuantileTransformer",
    {
      quantiles_: list(list(new PyFloat(1)), list(new PyFloat(2))),
      references_: list(new PyFloat(0)),
      output_distribution: "uniform",
    },
    /other numbers of quantiles/,
  ],
];

test.each(refused)("%s is refused", (_name, className, attributes, message) => {
  const at = className.lastIndexOf(".");
  const object = new PyObject(new PyGlobal(className.slice(0, at), className.slice(at + 1)), []);
  const state = new PyDict();
  state.entries.push(...Object.entries(attributes));
  object.state = state;
  expect(() => readStep(fittedOf(object, "model.pkl"))).toThrow(message);
});
