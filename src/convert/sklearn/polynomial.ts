// Products of columns. Rule: sklearn/preprocessing/_polynomial.py, PolynomialFeatures.transform: every term of a degree is one of the degree
// before, times a column that stands before all of its own.
import { type Fitted, numberOf, PyList, PyTuple } from "../../formats/index.ts";
import { type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { constantNumber, emitDense, oneBlock } from "./dense.ts";
import type { Estimator } from "./estimator.ts";
import { numberColumns } from "./tree_input.ts";

/** Columns out of one transformation. */
const termLimit = 2 ** 20;

/** A term of one degree: its first column, and the term of the degree before that it multiplies. */
interface Term {
  readonly column: number;
  readonly rest: number;
}

export const polynomialFeatures: Estimator = {
  classes: [
    "sklearn.preprocessing._polynomial.PolynomialFeatures",
    "sklearn.preprocessing._data.PolynomialFeatures",
    "sklearn.preprocessing.data.PolynomialFeatures",
  ],
  read(self) {
    const features = self.optionalNumber("n_features_in_") ?? self.number("n_input_features_");
    const [least, most] = degreesOf(self);
    const hasBias = self.boolean("include_bias");
    const degrees = termsOf(self, features, most, self.boolean("interaction_only"));
    const kept = degrees.slice(Math.max(0, least - 1));
    const width = kept.reduce((sum, terms) => sum + terms.length, Number(hasBias));
    return {
      columns: numberColumns(features),
      transform: {
        width,
        emit(x, { g }) {
          const raw = emitDense(g, x);
          const first = hasBias ? [emitOnes(g, raw)] : [];
          const blocks = [...first, ...emitDegrees(g, raw, degrees).slice(Math.max(0, least - 1))];
          return oneBlock(
            blocks.length === 1 ? blocks[0]! : g.op("Concat", blocks, { axis: 1 }, { name: "terms" }),
            width,
          );
        },
        evaluate(x) {
          const ones = hasBias ? [new Float64Array(x.rows).fill(1)] : [];
          let terms: Float64Array[] = [];
          const all = degrees.map((own, degree) => {
            const before = terms;
            terms = own.map(({ column, rest }) => {
              const factor = x.columns[column] as Float64Array;
              return degree === 0 ? factor : before[rest]!.map((value, row) => value * factor[row]!);
            });
            return terms;
          });
          return { rows: x.rows, columns: [...ones, ...all.slice(Math.max(0, least - 1)).flat()] };
        },
      },
    };
  },
};

function degreesOf(self: Fitted): [least: number, most: number] {
  const degree = self.get("degree");
  const pair =
    degree instanceof PyTuple || degree instanceof PyList
      ? degree.items.map((one) => numberOf(one))
      : [0, numberOf(degree)];
  const [least, most] = pair;
  if (pair.length === 2 && Number.isInteger(least) && Number.isInteger(most)) return [least!, most!];
  throw self.invalid("has a `degree` that is neither a number nor two");
}

/** The terms of degree 1, 2 … up to `most`, in the library's order. */
function termsOf(self: Fitted, features: number, most: number, onlyInteractions: boolean): Term[][] {
  const degrees: Term[][] = [];
  let all = 0;
  /** Where the terms begin whose first column is at least this one. */
  let starts: number[] = [];
  for (let degree = 1; degree <= most; degree++) {
    const before = degrees.at(-1);
    const terms: Term[] = [];
    const next: number[] = [];
    for (let column = 0; column < features; column++) {
      next.push(terms.length);
      const from = before ? starts[onlyInteractions ? column + 1 : column]! : 0;
      const to = before ? before.length : 1;
      if (all + terms.length + to - from > termLimit)
        throw self.unsupported(`makes more than ${termLimit} columns`, "choose a smaller `degree`");
      for (let rest = from; rest < to; rest++) terms.push({ column, rest });
    }
    if (terms.length === 0) break;
    degrees.push(terms);
    all += terms.length;
    starts = [...next, terms.length];
  }
  return degrees;
}

function emitOnes(g: GraphBuilder, raw: Value): Value {
  const rows = g.op("Shape", [raw], { end: 1 });
  const dims = g.op("Concat", [rows, g.constant(int64([1]))], { axis: 0 });
  return g.op("Expand", [constantNumber(g, 1), dims], {}, { name: "ones" });
}

function emitDegrees(g: GraphBuilder, raw: Value, degrees: readonly Term[][]): Value[] {
  const blocks: Value[] = [];
  for (const terms of degrees) {
    const before = blocks.at(-1);
    const pick = (value: Value, of: (term: Term) => number) =>
      g.op("Gather", [value, g.constant(int64(terms.map(of)))], { axis: 1 });
    blocks.push(before ? g.op("Mul", [pick(before, ({ rest }) => rest), pick(raw, ({ column }) => column)]) : raw);
  }
  return blocks;
}
