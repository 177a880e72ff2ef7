// Rule: sklearn/preprocessing/_polynomial.py, PolynomialFeatures: products of columns up to a degree, in its order and under its names.
import { z } from "zod";
import { float64, int64, type Tensor, type Value } from "../../../onnx/index.ts";
import { step } from "../../step.ts";
import { asFloat64, numberColumns, selectNumbers } from "./columnwise.ts";

const mostTerms = 4096;

export const polynomial = step({
  name: "polynomial",
  about: "Products and powers of columns, as columns of their own: `a^2`, `a b`",
  family: "numbers",
  options: z.strictObject({
    columns: numberColumns,
    degree: z.int().min(2).max(6).default(2).describe("Highest degree"),
    interaction_only: z.boolean().default(false).describe("Only products of different columns"),
  }),
  example: "polynomial: { columns: [width, height], degree: 2 }",
  reference: "sklearn.preprocessing.PolynomialFeatures",
  plan({ columns: names, degree, interaction_only: isMixed }, frame) {
    const columns = selectNumbers(frame, names);
    const deep = columns.find(({ shape }) => shape.length > 0);
    if (deep) throw frame.refuse(`column \`${deep.name}\` is not a single number`, { option: "columns" });
    const terms = termsOf(columns.length, degree, isMixed);
    if (terms.length > mostTerms)
      throw frame.refuse(`would make more than ${mostTerms} columns`, { option: "degree", fix: "name fewer columns" });
    if (terms.length === 0) throw frame.refuse("makes no product of a single column", { option: "interaction_only" });
    const missing = columns.some((column) => column.missing);
    return {
      reads: columns.map(({ name }) => name),
      writes: terms.map((term) => ({
        name: nameOf(
          term,
          columns.map(({ name }) => name),
        ),
        dtype: "float64",
        shape: [],
        missing,
      })),
      together: true,
      emit(values, { g }) {
        const axis = g.constant(int64([1]));
        const each = values.map((value) => g.op("Unsqueeze", [asFloat64(g, value), axis]));
        const x = each.length === 1 ? each[0]! : g.op("Concat", each, { axis: 1 });
        // Degree by degree: factor k of every term that has so many.
        const blocks: Value[] = [];
        for (let size = 2; size <= degree; size++) {
          const own = terms.filter((term) => term.length === size);
          if (own.length === 0) continue;
          const factor = (k: number) =>
            g.op("Gather", [x, g.constant(int64(own.map((term) => term[k]!)))], { axis: 1 });
          let product = factor(0);
          for (let k = 1; k < size; k++) product = g.op("Mul", [product, factor(k)]);
          blocks.push(product);
        }
        return [blocks.length === 1 ? blocks[0]! : g.op("Concat", blocks, { axis: 1 })];
      },
      evaluate: (tensors, rows) =>
        terms.map(
          (term): Tensor =>
            float64(
              Array.from({ length: rows }, (_, row) =>
                term.reduce((product, k) => product * Number(tensors[k]!.data[row]), 1),
              ),
            ),
        ),
    };
  },
});

/** Positions of the factors of each term, by degree and then in lexical order. */
function termsOf(columns: number, degree: number, isMixed: boolean): number[][] {
  let previous = Array.from({ length: columns }, (_, k) => [k]);
  const terms: number[][] = [];
  for (let size = 2; size <= degree && terms.length <= mostTerms; size++) {
    previous = previous.flatMap((term) => {
      const last = term.at(-1)!;
      const first = isMixed ? last + 1 : last;
      return Array.from({ length: Math.max(0, columns - first) }, (_, k) => [...term, first + k]);
    });
    terms.push(...previous);
  }
  return terms;
}

function nameOf(term: readonly number[], names: readonly string[]): string {
  const powers = new Map<number, number>();
  for (const k of term) powers.set(k, (powers.get(k) ?? 0) + 1);
  return [...powers].map(([k, count]) => (count === 1 ? names[k]! : `${names[k]}^${count}`)).join(" ");
}
