// Kernels of Gaussian processes. Rule: sklearn/gaussian_process/kernels.py, `__call__` and `diag` of each class.
import { type Fitted, NdArray, PyList } from "../../formats/index.ts";
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { constantMatrix, constantNumber, constantRow, emitRowSum, mapped, transposed } from "./dense.ts";
import { emitFeatureDistances } from "./distances.ts";
import type { Matrix } from "./estimator.ts";

export interface GaussianKernel {
  /** `[N, M]` between x `[N, F]` and fitted rows. */
  emit(g: GraphBuilder, x: Value, others: Matrix): Value;
  /** Of each row with itself: `[N, 1]`, or `[1, 1]` where it is the same for all. */
  emitOwn(g: GraphBuilder, x: Value): Value;
  /** Between two rows. */
  between(a: Float64Array, b: Float64Array): number;
  own(a: Float64Array): number;
}

/** Most kernels in one. */
const limit = 128;

/** The kernel and all it is made of. @throws IngotError MODEL_UNSUPPORTED, MODEL_INVALID */
export function readGaussianKernel(self: Fitted, features: number): GaussianKernel {
  let count = 0;
  const read = (kernel: Fitted): GaussianKernel => {
    const name = kernel.className.replace(/^sklearn\.gaussian_process\.kernels\./, "");
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
    if (!reader)
      throw kernel.unsupported(
        `is the kernel ${name || "of no class"}, which cannot be converted`,
        `use ${Object.keys(readers).join(", ")}`,
      );
    if (++count > limit) throw kernel.unsupported(`is part of more than ${limit} kernels`);
    return reader(kernel, features, read);
  };
  return read(self);
}

export function gaussianKernelRows(x: Matrix, others: Matrix, kernel: GaussianKernel): Matrix {
  const data = new Float64Array(x.rows * others.rows);
  for (let i = 0; i < x.rows; i++)
    for (let j = 0; j < others.rows; j++) data[i * others.rows + j] = kernel.between(rowOf(x, i), rowOf(others, j));
  return { rows: x.rows, columns: others.rows, data };
}

export function rowOf({ columns, data }: Matrix, row: number): Float64Array {
  return data.subarray(row * columns, (row + 1) * columns);
}

type Reader = (self: Fitted, features: number, read: (child: Fitted) => GaussianKernel) => GaussianKernel;

/** One number per feature. */
function lengthScales(self: Fitted, features: number): Float64Array {
  const given = self.get("length_scale");
  const isMany = given instanceof PyList || (given instanceof NdArray && given.shape.length > 0);
  const scales = isMany ? self.floats("length_scale") : [self.number("length_scale")];
  if (scales.length !== 1 && scales.length !== features)
    throw self.invalid(`has ${scales.length} length scales for ${features} features`);
  return Float64Array.from({ length: features }, (_, f) => scales[scales.length === 1 ? 0 : f]!);
}

/** What depends on distances between rows divided by length scales. */
function stationary(
  scales: Float64Array,
  name: "euclidean" | "sqeuclidean",
  emitOf: (g: GraphBuilder, distances: Value, number: (value: number) => Value) => Value,
  of: (distance: number) => number,
): GaussianKernel {
  const isScaled = scales.some((scale) => scale !== 1);
  return {
    emit(g, x, others) {
      const scaled = isScaled ? g.op("Div", [x, constantRow(g, scales, "length_scale")]) : x;
      const rows = mapped(others, (value, _row, f) => value / scales[f]!);
      return emitOf(g, emitFeatureDistances(g, scaled, rows, { name }), (value) => constantNumber(g, value));
    },
    emitOwn: (g) => constantRow(g, [1]),
    between(a, b) {
      const sum = scales.reduce((total, scale, f) => total + (a[f]! / scale - b[f]! / scale) ** 2, 0);
      return of(name === "euclidean" ? Math.sqrt(sum) : sum);
    },
    own: () => 1,
  };
}

/** One value between all rows. */
function uniform(value: number, own: number): GaussianKernel {
  return {
    emit(g, x, others) {
      const count = g.op("Shape", [x], { start: 0, end: 1 });
      const shape = g.op("Concat", [count, g.constant(int64([others.rows]))], { axis: 0 });
      const result = { dtype: "float64", shape: ["N", others.rows] } as const;
      return g.op("Expand", [g.constant(float64([value], [1, 1])), shape], {}, { results: [result] });
    },
    emitOwn: (g) => constantRow(g, [own]),
    between: () => value,
    own: () => own,
  };
}

function combined(
  op: "Add" | "Mul",
  [first, second]: readonly [GaussianKernel, GaussianKernel],
  of: (a: number, b: number) => number,
): GaussianKernel {
  return {
    emit: (g, x, others) => g.op(op, [first.emit(g, x, others), second.emit(g, x, others)]),
    emitOwn: (g, x) => g.op(op, [first.emitOwn(g, x), second.emitOwn(g, x)]),
    between: (a, b) => of(first.between(a, b), second.between(a, b)),
    own: (a) => of(first.own(a), second.own(a)),
  };
}

const readers: Record<string, Reader> = {
  RBF: (self, features) =>
    stationary(
      lengthScales(self, features),
      "sqeuclidean",
      (g, distances, number) => g.op("Exp", [g.op("Mul", [distances, number(-0.5)])], {}, { name: "rbf" }),
      (distance) => Math.exp(-0.5 * distance),
    ),

  Matern(self, features) {
    const scales = lengthScales(self, features);
    const nu = self.number("nu");
    if (nu === 0.5)
      return stationary(
        scales,
        "euclidean",
        (g, distances) => g.op("Exp", [g.op("Neg", [distances])], {}, { name: "matern" }),
        (distance) => Math.exp(-distance),
      );
    if (nu === Number.POSITIVE_INFINITY)
      return stationary(
        scales,
        "sqeuclidean",
        (g, distances, number) => g.op("Exp", [g.op("Mul", [distances, number(-0.5)])], {}, { name: "matern" }),
        (distance) => Math.exp(-distance / 2),
      );
    if (nu !== 1.5 && nu !== 2.5)
      throw self.unsupported(`is a Matern kernel with nu=${nu}`, "use nu=0.5, 1.5, 2.5 or infinity");
    const root = Math.sqrt(nu * 2);
    return stationary(
      scales,
      "euclidean",
      (g, distances, number) => {
        const k = g.op("Mul", [distances, number(root)]);
        const linear = g.op("Add", [k, number(1)]);
        const sum = nu === 1.5 ? linear : g.op("Add", [linear, g.op("Div", [g.op("Mul", [k, k]), number(3)])]);
        return g.op("Mul", [sum, g.op("Exp", [g.op("Neg", [k])])], {}, { name: "matern" });
      },
      (distance) => {
        const k = distance * root;
        return (nu === 1.5 ? 1 + k : 1 + k + k ** 2 / 3) * Math.exp(-k);
      },
    );
  },

  RationalQuadratic(self, features) {
    const alpha = self.number("alpha");
    const divisor = 2 * alpha * self.number("length_scale") ** 2;
    return stationary(
      new Float64Array(features).fill(1),
      "sqeuclidean",
      (g, distances, number) =>
        g.op("Pow", [g.op("Add", [g.op("Div", [distances, number(divisor)]), number(1)]), number(-alpha)]),
      (distance) => (1 + distance / divisor) ** -alpha,
    );
  },

  ExpSineSquared(self, features) {
    const [factor, scale] = [Math.PI / self.number("periodicity"), self.number("length_scale")];
    return stationary(
      new Float64Array(features).fill(1),
      "euclidean",
      (g, distances, number) => {
        const wave = g.op("Div", [g.op("Sin", [g.op("Mul", [distances, number(factor)])]), number(scale)]);
        return g.op("Exp", [g.op("Mul", [g.op("Mul", [wave, wave]), number(-2)])], {}, { name: "periodic" });
      },
      (distance) => Math.exp(-2 * (Math.sin(factor * distance) / scale) ** 2),
    );
  },

  DotProduct(self) {
    const offset = self.number("sigma_0") ** 2;
    const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, f) => sum + value * b[f]!, 0);
    return {
      emit(g, x, others) {
        const product = g.op("MatMul", [x, constantMatrix(g, transposed(others), "rows")]);
        return g.op("Add", [product, constantNumber(g, offset)]);
      },
      emitOwn: (g, x) => g.op("Add", [emitRowSum(g, g.op("Mul", [x, x])), constantNumber(g, offset)]),
      between: (a, b) => dot(a, b) + offset,
      own: (a) => dot(a, a) + offset,
    };
  },

  ConstantKernel(self) {
    const value = self.number("constant_value");
    return uniform(value, value);
  },

  // Noise of a row: none between rows of training and others.
  WhiteKernel: (self) => uniform(0, self.number("noise_level")),

  Sum: (self, _features, read) => combined("Add", [read(self.child("k1")), read(self.child("k2"))], (a, b) => a + b),

  Product: (self, _features, read) =>
    combined("Mul", [read(self.child("k1")), read(self.child("k2"))], (a, b) => a * b),

  Exponentiation(self, _features, read) {
    const inner = read(self.child("kernel"));
    const exponent = self.number("exponent");
    return {
      emit: (g, x, others) => g.op("Pow", [inner.emit(g, x, others), constantNumber(g, exponent)]),
      emitOwn: (g, x) => g.op("Pow", [inner.emitOwn(g, x), constantNumber(g, exponent)]),
      between: (a, b) => inner.between(a, b) ** exponent,
      own: (a) => inner.own(a) ** exponent,
    };
  },
};
