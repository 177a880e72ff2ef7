// Rules: sentence_transformers/models/Pooling.py, mean: sum(token * mask) / max(sum(mask), 1e-9); torch.nn.functional.normalize:
// x / max(||x||_p, eps). Computed in float64, written in the model's own type.
import { z } from "zod";
import { float64, type GraphBuilder, int64, type Tensor, type Value } from "../../../onnx/index.ts";
import type { Column } from "../../step.ts";
import { step } from "../../step.ts";
import { emitHighest, emitSum } from "./along_classes.ts";
import { emitFloat64, lastAxis, number, numberColumn, numbersOf, scoreRows } from "./scores.ts";

export const meanPool = step({
  name: "mean_pool",
  about: "Vectors of tokens to one vector: mean over those that the mask counts, or the first, or the highest",
  family: "answers",
  options: z.strictObject({
    column: z.string().describe("Vectors of tokens, [tokens, width] per record"),
    mask: z.string().default("attention_mask").describe("1 where a token counts, 0 for padding: [tokens] per record"),
    pooling: z
      .enum(["mean", "first", "max"])
      .default("mean")
      .describe("mean; the first token's vector; the highest of each component"),
    as: z.string().min(1).default("embedding").describe("Name of the result"),
  }),
  example: "mean_pool: { column: last_hidden_state, mask: attention_mask }",
  reference: "sentence_transformers.models.Pooling",
  plan({ column: name, mask, pooling, as }, frame) {
    const vectors = numberColumn(frame, name);
    if (vectors.shape.length !== 2 || typeof vectors.shape[1] !== "number")
      throw frame.refuse(`column \`${name}\` is not [tokens, width] per record`, { option: "column" });
    if (pooling !== "first" && numberColumn(frame, mask).shape.length !== 1)
      throw frame.refuse(`column \`${mask}\` is not one number per token`, { option: "mask" });
    const width = vectors.shape[1];
    const dtype = vectors.dtype === "float32" ? "float32" : "float64";
    return {
      reads: pooling === "first" ? [name] : [name, mask],
      writes: [{ name: as, dtype, shape: [width], missing: vectors.missing }],
      emit([value, counts], { g }) {
        const x = emitFloat64(g, value!);
        const first = () => g.op("Gather", [x, g.constant(int64([0], []))], { axis: 1 });
        const pooled = pooling === "first" ? first() : emitPooled[pooling](g, x, emitFloat64(g, counts!));
        return [dtype === "float32" ? g.op("Cast", [pooled], { to: 1 }) : pooled];
      },
      evaluate([tensor, counts], rows) {
        const tokens = tensor!.dims[1]!;
        const all = scoreRows(tensor!);
        const weights = counts ? numbersOf(counts) : null;
        const data = Array.from({ length: rows }, (_, row) => {
          const own = all.slice(row * tokens, (row + 1) * tokens);
          if (!weights) return [...own[0]!];
          return pools[pooling as "mean" | "max"](own, weights.subarray(row * tokens, (row + 1) * tokens), width);
        });
        return [inType(dtype, data.flat(), [rows, width])];
      },
    };
  },
});

const leastWeight = 1e-9;

const emitPooled: Readonly<Record<"mean" | "max", (g: GraphBuilder, x: Value, mask: Value) => Value>> = {
  mean(g, x, mask) {
    const weighted = g.op("Mul", [x, g.op("Unsqueeze", [mask, lastAxis(g)])]);
    const count = g.op("Unsqueeze", [emitSum(g, mask), lastAxis(g)]);
    return g.op("Div", [emitSum(g, byComponent(g, weighted)), g.op("Max", [count, number(g, leastWeight)])]);
  },
  max(g, x, mask) {
    const counted = g.op("Greater", [g.op("Unsqueeze", [mask, lastAxis(g)]), number(g, 0)]);
    return emitHighest(g, byComponent(g, g.op("Where", [counted, x, number(g, -Infinity)])));
  },
};

/** `[N, tokens, width]` as `[N, width, tokens]` */
function byComponent(g: GraphBuilder, x: Value): Value {
  return g.op("Transpose", [x], { perm: [0, 2, 1] });
}

const pools: Readonly<
  Record<"mean" | "max", (tokens: readonly Float64Array[], mask: Float64Array, width: number) => number[]>
> = {
  mean(tokens, mask, width) {
    const count = Math.max(
      mask.reduce((total, weight) => total + weight, 0),
      leastWeight,
    );
    return Array.from(
      { length: width },
      (_, d) => tokens.reduce((sum, token, t) => sum + token[d]! * mask[t]!, 0) / count,
    );
  },
  max: (tokens, mask, width) =>
    Array.from({ length: width }, (_, d) =>
      Math.max(-Infinity, ...tokens.filter((_token, t) => mask[t]! > 0).map((token) => token[d]!)),
    ),
};

function inType(dtype: "float32" | "float64", values: readonly number[], dims: readonly number[]): Tensor {
  return dtype === "float64" ? float64(values, dims) : { dtype, dims, data: Float32Array.from(values) };
}

export const l2Normalize = step({
  name: "l2_normalize",
  about: "Vectors of length 1, for cosine similarity by a dot product",
  family: "answers",
  options: z.strictObject({
    columns: z.array(z.string()).min(1).describe("Columns of vectors"),
    epsilon: z.number().positive().default(1e-12).describe("Shorter vectors are divided by this length"),
  }),
  example: "l2_normalize: { columns: [embedding] }",
  reference: "torch.nn.functional.normalize",
  plan({ columns: names, epsilon }, frame) {
    const chosen = frame.select(names).map(({ name }) => numberColumn(frame, name));
    const flat = chosen.find(({ shape }) => shape.length === 0);
    if (flat)
      throw frame.refuse(`column \`${flat.name}\` is one number per record, not a vector`, { option: "columns" });
    const typeOf = ({ dtype }: Column) => (dtype === "float32" ? "float32" : "float64");
    return {
      reads: chosen.map(({ name }) => name),
      writes: chosen.map((column) => ({ ...column, dtype: typeOf(column) })),
      emit: (values, { g }) =>
        values.map((value, at) => {
          const x = emitFloat64(g, value);
          const square = g.op("ReduceSum", [g.op("Mul", [x, x]), lastAxis(g)], { keepdims: 1 });
          const unit = g.op("Div", [x, g.op("Max", [g.op("Sqrt", [square]), number(g, epsilon)])]);
          return typeOf(chosen[at]!) === "float32" ? g.op("Cast", [unit], { to: 1 }) : unit;
        }),
      evaluate: (tensors) =>
        tensors.map((tensor, at) => {
          const rows = scoreRows(tensor).map((row) => {
            const length = Math.max(Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)), epsilon);
            return Array.from(row, (value) => value / length);
          });
          return inType(typeOf(chosen[at]!), rows.flat(), tensor.dims);
        }),
    };
  },
});
