// Functions of numpy by name: what FunctionTransformer and transformed targets can be made of, since their code is not in the file.
// Rule: sklearn/preprocessing/_function_transformer.py, FunctionTransformer.transform: func(X), X itself without a function.
import { type Fitted, PyDict, PyGlobal } from "../../formats/index.ts";
import type { GraphBuilder, Value } from "../../onnx/index.ts";
import { emitExpm1, emitLog1p } from "../../pipeline/index.ts";
import { widthOf } from "./columns.ts";
import { constantNumber, denseRows, emitDense, mapped, oneBlock, tableOf } from "./dense.ts";
import type { Estimator, Transform } from "./estimator.ts";

interface Ufunc {
  emit(g: GraphBuilder, x: Value): Value;
  evaluate(value: number): number;
}

const unary = (op: string, evaluate: (value: number) => number): Ufunc => ({ emit: (g, x) => g.op(op, [x]), evaluate });

const ufuncs: Readonly<Record<string, Ufunc>> = {
  log: unary("Log", Math.log),
  log1p: { emit: emitLog1p, evaluate: Math.log1p },
  log2: { emit: (g, x) => g.op("Div", [g.op("Log", [x]), constantNumber(g, Math.LN2)]), evaluate: Math.log2 },
  log10: { emit: (g, x) => g.op("Div", [g.op("Log", [x]), constantNumber(g, Math.LN10)]), evaluate: Math.log10 },
  exp: unary("Exp", Math.exp),
  expm1: { emit: emitExpm1, evaluate: Math.expm1 },
  sqrt: unary("Sqrt", Math.sqrt),
  square: { emit: (g, x) => g.op("Mul", [x, x]), evaluate: (value) => value * value },
  cbrt: {
    emit: (g, x) => g.op("Mul", [g.op("Sign", [x]), g.op("Pow", [g.op("Abs", [x]), constantNumber(g, 1 / 3)])]),
    evaluate: Math.cbrt,
  },
  abs: unary("Abs", Math.abs),
  absolute: unary("Abs", Math.abs),
  fabs: unary("Abs", Math.abs),
  negative: unary("Neg", (value) => -value),
  positive: { emit: (_g, x) => x, evaluate: (value) => value },
  reciprocal: { emit: (g, x) => g.op("Div", [constantNumber(g, 1), x]), evaluate: (value) => 1 / value },
  sign: unary("Sign", Math.sign),
  floor: unary("Floor", Math.floor),
  ceil: unary("Ceil", Math.ceil),
  trunc: { emit: (g, x) => g.op("Mul", [g.op("Sign", [x]), g.op("Floor", [g.op("Abs", [x])])]), evaluate: Math.trunc },
  tanh: unary("Tanh", Math.tanh),
  sin: unary("Sin", Math.sin),
  cos: unary("Cos", Math.cos),
  tan: { emit: (g, x) => g.op("Div", [g.op("Sin", [x]), g.op("Cos", [x])]), evaluate: Math.tan },
  deg2rad: {
    emit: (g, x) => g.op("Mul", [x, constantNumber(g, Math.PI / 180)]),
    evaluate: (value) => value * (Math.PI / 180),
  },
  radians: {
    emit: (g, x) => g.op("Mul", [x, constantNumber(g, Math.PI / 180)]),
    evaluate: (value) => value * (Math.PI / 180),
  },
  rad2deg: {
    emit: (g, x) => g.op("Mul", [x, constantNumber(g, 180 / Math.PI)]),
    evaluate: (value) => value * (180 / Math.PI),
  },
  degrees: {
    emit: (g, x) => g.op("Mul", [x, constantNumber(g, 180 / Math.PI)]),
    evaluate: (value) => value * (180 / Math.PI),
  },
  nan_to_num: {
    emit: (g, x) => nanToNum(g, x),
    evaluate: (value) => (Number.isNaN(value) ? 0 : Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value))),
  },
};

function nanToNum(g: GraphBuilder, x: Value): Value {
  const filled = g.op("Where", [g.op("IsNaN", [x]), constantNumber(g, 0), x]);
  return g.op("Max", [
    g.op("Min", [filled, constantNumber(g, Number.MAX_VALUE)]),
    constantNumber(g, -Number.MAX_VALUE),
  ]);
}

/** The function in an attribute; null where there is none (identity). */
function functionOf(self: Fitted, name: string): Ufunc | null {
  const value = self.get(name);
  if (value === null || value === undefined) return null;
  if (value instanceof PyGlobal && /^numpy(\.|$)/.test(value.module) && Object.hasOwn(ufuncs, value.name))
    return ufuncs[value.name]!;
  const what = value instanceof PyGlobal ? value.path : "a function of its own";
  throw self.unsupported(
    `calls ${what}, whose code is not in the file`,
    `use a function of numpy (${Object.keys(ufuncs).slice(0, 8).join(", ")} …), or declare the step under \`preprocess:\` instead`,
  );
}

function applied(ufunc: Ufunc | null): Pick<Transform, "isExact" | "emit" | "evaluate"> {
  if (!ufunc) return { isExact: true, emit: (x) => x, evaluate: (x) => x };
  return {
    emit: (x, { g }) => oneBlock(ufunc.emit(g, emitDense(g, x)), widthOf(x)),
    evaluate: (x) => tableOf(mapped(denseRows(x), ufunc.evaluate)),
  };
}

export const functionTransformer: Estimator = {
  classes: ["sklearn.preprocessing._function_transformer.FunctionTransformer"],
  read(self) {
    for (const name of ["kw_args", "inv_kw_args"]) {
      const given = self.get(name);
      if (given instanceof PyDict && given.entries.length > 0)
        throw self.unsupported(`passes arguments to its function (\`${name}\`)`);
    }
    const func = functionOf(self, "func");
    const inverse = self.has("inverse_func") ? functionOf(self, "inverse_func") : null;
    const count = self.optionalNumber("n_features_in_");
    // Without a function anything passes through, text too.
    const need = { type: func ? "number" : "any", missing: true } as const;
    return {
      columns: count === null ? null : Array.from({ length: count }, () => need),
      transform: { ...applied(func), inverse: applied(inverse) },
    };
  },
};
