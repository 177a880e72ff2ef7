// Operators that combine elements along an axis: reductions, softmax, matrix products.
import { type DType, IngotError } from "../../core/index.ts";
import type { Tensor } from "../tensor.ts";
import { broadcastDims } from "./elementwise.ts";
import { allocate, axisOf, given, integers, isLong, type Operator, unsupported } from "./kernel.ts";

type Numbers = { [index: number]: number; readonly length: number };

/** A value seen as [outer, size, inner] around one axis. */
function around(dims: readonly number[], axis: number) {
  const product = (sizes: readonly number[]) => sizes.reduce((total, size) => total * size, 1);
  return { outer: product(dims.slice(0, axis)), size: dims[axis] ?? 1, inner: product(dims.slice(axis + 1)) };
}

/** JavaScript's operators serve numbers and bigints alike: 64-bit integers are folded as what they are. */
interface Fold {
  /** Value of an empty axis; where it is infinite, the first element is where the fold begins. */
  readonly start: number;
  readonly step: (sum: number, value: number) => number;
  /** Sees the number of elements folded. */
  readonly finish?: (sum: number, count: number) => number;
}

/** Folds several axes, last first. */
function reduce({ start, step, finish = (sum) => sum }: Fold): Operator {
  return (attributes) => {
    const keep = attributes.int("keepdims", 1) === 1;
    const skipsEmpty = attributes.int("noop_with_empty_axes", 0) === 1;
    return (inputs) => {
      const input = given(inputs, 0);
      const rank = input.dims.length;
      const listed = inputs[1] ? integers(inputs[1]) : (attributes.ints("axes") ?? []);
      if (listed.length === 0 && skipsEmpty) return [input];
      const axes = listed.length === 0 ? input.dims.map((_, axis) => axis) : listed.map((axis) => axisOf(axis, rank));
      const count = axes.reduce((total, axis) => total * (input.dims[axis] ?? 1), 1);
      // Sums of floats are kept in double and rounded once at the end.
      let values = Array.from(input.data as ArrayLike<number>);
      let dims = [...input.dims];
      for (const axis of axes.toSorted((a, b) => b - a)) {
        const { outer, size, inner } = around(dims, axis);
        const next = new Array<number>(outer * inner).fill(like(input.dtype, start));
        for (let o = 0; o < outer; o++)
          for (let s = 0; s < size; s++)
            for (let i = 0; i < inner; i++) {
              const value = values[(o * size + s) * inner + i]!;
              const isFirst = s === 0 && !Number.isFinite(start);
              next[o * inner + i] = isFirst ? value : step(next[o * inner + i]!, value);
            }
        values = next;
        dims = dims.map((own, d) => (d === axis ? 1 : own));
      }
      const kept = keep ? dims : dims.filter((_, axis) => !axes.includes(axis));
      const data = allocate(input.dtype, kept);
      const out = data as unknown as Numbers;
      const folded = like(input.dtype, count);
      for (let i = 0; i < data.length; i++) out[i] = finish(values[i]!, folded);
      return [{ dtype: input.dtype, dims: kept, data }];
    };
  };
}

/** 64 bits of a product: bigints would grow without end. */
function wrapped(value: number | bigint): number {
  return (typeof value === "bigint" ? BigInt.asIntN(64, value) : value) as number;
}

/** A number as an element of this type: a bigint for 64-bit integers. */
function like(dtype: DType, value: number): number {
  return (isLong(dtype) && Number.isFinite(value) ? BigInt(value) : value) as number;
}

/** First index of the largest (or smallest) element; NaN is skipped as ONNX Runtime skips it. */
function argument(isBetter: (value: number, best: number) => boolean): Operator {
  return (attributes) => {
    const keep = attributes.int("keepdims", 1) === 1;
    const last = attributes.int("select_last_index", 0) === 1;
    return (inputs) => {
      const input = given(inputs, 0);
      const axis = axisOf(attributes.int("axis", 0), input.dims.length);
      const { outer, size, inner } = around(input.dims, axis);
      const values = input.data as ArrayLike<number>;
      const dims = keep ? input.dims.map((own, d) => (d === axis ? 1 : own)) : input.dims.filter((_, d) => d !== axis);
      const data = new BigInt64Array(outer * inner);
      for (let o = 0; o < outer; o++)
        for (let i = 0; i < inner; i++) {
          let best = 0;
          for (let s = 1; s < size; s++) {
            const [value, held] = [values[(o * size + s) * inner + i]!, values[(o * size + best) * inner + i]!];
            if (isBetter(value, held) || (last && value === held)) best = s;
          }
          data[o * inner + i] = BigInt(best);
        }
      return [{ dtype: "int64", dims, data }];
    };
  };
}

function softmax(isLogarithm: boolean): Operator {
  return (attributes, _node, opset) => {
    if (opset < 13) throw unsupported("Softmax before opset 13");
    return (inputs) => {
      const input = given(inputs, 0);
      const { outer, size, inner } = around(input.dims, axisOf(attributes.int("axis", -1), input.dims.length));
      const values = input.data as ArrayLike<number>;
      const data = allocate(input.dtype, input.dims);
      const out = data as unknown as Numbers;
      const powers = new Float64Array(size);
      for (let o = 0; o < outer; o++)
        for (let i = 0; i < inner; i++) {
          let highest = -Infinity;
          for (let s = 0; s < size; s++) highest = Math.max(highest, values[(o * size + s) * inner + i]!);
          let sum = 0;
          for (let s = 0; s < size; s++) sum += powers[s] = Math.exp(values[(o * size + s) * inner + i]! - highest);
          for (let s = 0; s < size; s++) {
            const at = (o * size + s) * inner + i;
            out[at] = isLogarithm ? values[at]! - highest - Math.log(sum) : powers[s]! / sum;
          }
        }
      return [{ dtype: input.dtype, dims: input.dims, data }];
    };
  };
}

const cumulativeSum: Operator = (attributes) => {
  const isExclusive = attributes.int("exclusive", 0) === 1;
  const isReverse = attributes.int("reverse", 0) === 1;
  return (inputs) => {
    const input = given(inputs, 0);
    const { outer, size, inner } = around(input.dims, axisOf(integers(given(inputs, 1))[0]!, input.dims.length));
    const values = input.data as unknown as Numbers;
    const data = allocate(input.dtype, input.dims);
    const out = data as unknown as Numbers;
    const zero = like(input.dtype, 0);
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < inner; i++) {
        let sum = zero;
        for (let s = 0; s < size; s++) {
          const at = (o * size + (isReverse ? size - 1 - s : s)) * inner + i;
          if (isExclusive) out[at] = sum;
          // Rounded at each step, as the runtimes do.
          sum = input.dtype === "float32" ? Math.fround(sum + values[at]!) : sum + values[at]!;
          if (!isExclusive) out[at] = sum;
        }
      }
    return [{ dtype: input.dtype, dims: input.dims, data }];
  };
};

const matMul: Operator = () => (inputs) => {
  const [a, b] = [given(inputs, 0), given(inputs, 1)];
  const left = a.dims.length === 1 ? [1, a.dims[0]!] : a.dims;
  const right = b.dims.length === 1 ? [b.dims[0]!, 1] : b.dims;
  const [rows, inner, columns] = [left.at(-2)!, left.at(-1)!, right.at(-1)!];
  if (right.at(-2) !== inner)
    throw new IngotError("INPUT_INVALID", { what: `shapes [${a.dims}] and [${b.dims}] cannot be multiplied` });
  const batch = broadcastDims(left.slice(0, -2), right.slice(0, -2));
  const count = batch.reduce((total, size) => total * size, 1);
  const full = [...batch, rows, columns];
  const data = allocate(a.dtype, full);
  const out = data as unknown as Numbers;
  const [x, y] = [a.data as unknown as Numbers, b.data as unknown as Numbers];
  const zero = like(a.dtype, 0);
  for (let n = 0; n < count; n++) {
    const atX = batchOffset(n, batch, left) * rows * inner;
    const atY = batchOffset(n, batch, right) * inner * columns;
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) {
        let sum = zero;
        for (let k = 0; k < inner; k++) sum += x[atX + r * inner + k]! * y[atY + k * columns + c]!;
        out[(n * rows + r) * columns + c] = sum;
      }
  }
  const dims = full.filter(
    (_, d) => !(a.dims.length === 1 && d === full.length - 2) && !(b.dims.length === 1 && d === full.length - 1),
  );
  return [{ dtype: a.dtype, dims, data }];
};

/** Which matrix of a broadcast stack stands at position `n` of the result. */
function batchOffset(n: number, batch: readonly number[], dims: readonly number[]): number {
  const own = dims.slice(0, -2);
  let offset = 0;
  let rest = n;
  let stride = 1;
  for (let axis = batch.length - 1; axis >= 0; axis--) {
    const coordinate = rest % batch[axis]!;
    rest = Math.floor(rest / batch[axis]!);
    const size = own[axis - batch.length + own.length] ?? 1;
    if (size !== 1) offset += coordinate * stride;
    stride *= size;
  }
  return offset;
}

const gemm: Operator = (attributes) => {
  const [alpha, beta] = [attributes.float("alpha", 1), attributes.float("beta", 1)];
  const [transA, transB] = [attributes.int("transA", 0) === 1, attributes.int("transB", 0) === 1];
  return (inputs) => {
    const [a, b, c] = [given(inputs, 0), given(inputs, 1), inputs[2]];
    const [rows, inner] = transA ? [a.dims[1]!, a.dims[0]!] : [a.dims[0]!, a.dims[1]!];
    const [height, columns] = transB ? [b.dims[1]!, b.dims[0]!] : [b.dims[0]!, b.dims[1]!];
    const isMatrices = a.dims.length === 2 && b.dims.length === 2 && height === inner;
    if (
      !isMatrices ||
      (c && c.dims.length > 2) ||
      String(broadcastDims(c?.dims ?? [], [rows, columns])) !== `${[rows, columns]}`
    )
      throw new IngotError("INPUT_INVALID", {
        what: `shapes ${[a, b, c].map((tensor) => `[${tensor?.dims ?? ""}]`).join(", ")} do not fit a matrix product`,
      });
    const data = allocate(a.dtype, [rows, columns]);
    const out = data as unknown as Numbers;
    const [x, y] = [a.data as unknown as Numbers, b.data as unknown as Numbers];
    const bias = c && (c.data as unknown as Numbers);
    const [biasRows, biasColumns] = c ? [c.dims.at(-2) ?? 1, c.dims.at(-1) ?? 1] : [1, 1];
    for (let r = 0; r < rows; r++)
      for (let col = 0; col < columns; col++) {
        let sum = 0;
        for (let k = 0; k < inner; k++)
          sum += x[transA ? k * rows + r : r * inner + k]! * y[transB ? col * inner + k : k * columns + col]!;
        const added = bias ? bias[(biasRows === 1 ? 0 : r) * biasColumns + (biasColumns === 1 ? 0 : col)]! : 0;
        out[r * columns + col] = alpha * sum + beta * added;
      }
    return [{ dtype: a.dtype, dims: [rows, columns], data }];
  };
};

/** The k largest (or smallest), equal ones in the order of their index, as ONNX asks. */
const topK: Operator = (attributes) => (inputs) => {
  const input = given(inputs, 0);
  const k = integers(given(inputs, 1))[0]!;
  const axis = axisOf(attributes.int("axis", -1), input.dims.length);
  const isLargest = attributes.int("largest", 1) === 1;
  const { outer, size, inner } = around(input.dims, axis);
  if (k > size) throw new IngotError("INPUT_INVALID", { what: `TopK asks for ${k} of ${size} values` });
  const dims = input.dims.map((own, d) => (d === axis ? k : own));
  const data = allocate(input.dtype, dims);
  const out = data as unknown as Numbers;
  const indices = new BigInt64Array(data.length);
  const values = input.data as ArrayLike<number>;
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const at = (s: number) => values[(o * size + s) * inner + i]!;
      // Compared, not subtracted: infinities, and 64-bit integers beyond a double. NaN comes last.
      const isBefore = (p: number, q: number) =>
        (isLargest ? at(p) > at(q) : at(p) < at(q)) || (Number.isNaN(at(q)) && !Number.isNaN(at(p)));
      const order = Array.from({ length: size }, (_, s) => s).sort((p, q) =>
        isBefore(p, q) ? -1 : isBefore(q, p) ? 1 : p - q,
      );
      for (let s = 0; s < k; s++) {
        out[(o * k + s) * inner + i] = at(order[s]!);
        indices[(o * k + s) * inner + i] = BigInt(order[s]!);
      }
    }
  return [{ dtype: input.dtype, dims, data } satisfies Tensor, { dtype: "int64", dims, data: indices }];
};

export const alongAxis: Readonly<Record<string, Operator>> = {
  ReduceSum: reduce({ start: 0, step: (sum, value) => sum + value }),
  ReduceMean: reduce({ start: 0, step: (sum, value) => sum + value, finish: (sum, count) => sum / count }),
  ReduceProd: reduce({ start: 1, step: (product, value) => wrapped(product * value) }),
  ReduceMax: reduce({ start: -Infinity, step: (most, value) => (value > most || Number.isNaN(value) ? value : most) }),
  ReduceMin: reduce({
    start: Infinity,
    step: (least, value) => (value < least || Number.isNaN(value) ? value : least),
  }),
  ArgMax: argument((value, best) => value > best),
  ArgMin: argument((value, best) => value < best),
  Softmax: softmax(false),
  LogSoftmax: softmax(true),
  CumSum: cumulativeSum,
  MatMul: matMul,
  Gemm: gemm,
  TopK: topK,
};
