// Powers that make columns more normal. Rules: sklearn/preprocessing/_data.py, PowerTransformer.transform and inverse_transform;
// scipy/special/_boxcox.pxd, boxcox; scipy/stats/_morestats.py, yeojohnson_transform.
import type { Fitted } from "../../formats/index.ts";
import type { GraphBuilder, Value } from "../../onnx/index.ts";
import { emitExpm1, emitLog1p } from "../../pipeline/index.ts";
import { constantNumber, constantRow, denseRows, emitDense, mapped, oneBlock, tableOf } from "./dense.ts";
import type { Estimator, Step, Transform } from "./estimator.ts";
import { standardScaler } from "./scalers.ts";
import { numberColumns } from "./tree_input.ts";
import { isBefore } from "./tree_release.ts";

/** An elementwise function of values and the lambdas of their columns. */
interface Power {
  emit(g: GraphBuilder, x: Value, lambdas: Float64Array): Value;
  evaluate(x: number, lambda: number): number;
}

export const powerTransformer: Estimator = {
  classes: ["sklearn.preprocessing._data.PowerTransformer", "sklearn.preprocessing.data.PowerTransformer"],
  read(self) {
    const lambdas = self.floats("lambdas_");
    const method = self.string("method");
    if (method !== "yeo-johnson" && method !== "box-cox") throw self.unsupported(`has the method ${method}`);
    const scaler = self.boolean("standardize") ? standardScaler.read(self.child("_scaler"), refuseNested(self)) : null;
    const { forward, back } = method === "box-cox" ? boxCox : yeoJohnson(isBefore(self.version, 1, 9));
    const powered = applied(forward, lambdas);
    const scaling = scaler?.transform;
    if (scaling && scaling.width !== lambdas.length)
      throw self.invalid(`has ${lambdas.length} lambdas, but scales ${scaling.width} columns`);
    return {
      columns: numberColumns(lambdas.length, true),
      transform: {
        width: lambdas.length,
        ...(scaling ? inOrder(powered, scaling) : powered),
        inverse: scaling ? inOrder(scaling.inverse!, applied(back, lambdas)) : applied(back, lambdas),
      },
    };
  },
};

type Part = Pick<Transform, "emit" | "evaluate">;

function inOrder(first: Part, second: Part): Part {
  return {
    emit: (x, emission) => second.emit(first.emit(x, emission), emission),
    evaluate: (x) => second.evaluate(first.evaluate(x)),
  };
}

function refuseNested(self: Fitted): () => Step {
  return () => {
    throw self.invalid("has a `_scaler` with an estimator inside");
  };
}

function applied(power: Power, lambdas: Float64Array): Part {
  return {
    emit: (x, { g }) => oneBlock(power.emit(g, emitDense(g, x), lambdas), lambdas.length),
    evaluate: (x) => tableOf(mapped(denseRows(x), (value, _row, k) => power.evaluate(value, lambdas[k]!))),
  };
}

/** One formula for the columns whose lambda is `special`, another for the others. */
function chosen(
  g: GraphBuilder,
  lambdas: Float64Array,
  isSpecial: (lambda: number) => boolean,
  special: () => Value,
  general: () => Value,
): Value {
  const flags = Uint8Array.from(lambdas, (lambda) => Number(isSpecial(lambda)));
  if (flags.every((flag) => flag === 1)) return special();
  if (flags.every((flag) => flag === 0)) return general();
  return g.op("Where", [g.constant({ dtype: "bool", dims: [1, flags.length], data: flags }), special(), general()]);
}

const one = (g: GraphBuilder) => constantNumber(g, 1);

const boxCox: { forward: Power; back: Power } = {
  forward: {
    emit: (g, x, lambdas) =>
      chosen(
        g,
        lambdas,
        isTiny,
        () => g.op("Log", [x]),
        () => {
          const row = constantRow(g, lambdas, "lambdas");
          return g.op("Div", [emitExpm1(g, g.op("Mul", [row, g.op("Log", [x])])), row]);
        },
      ),
    evaluate: (x, lambda) => (isTiny(lambda) ? Math.log(x) : Math.expm1(lambda * Math.log(x)) / lambda),
  },
  back: {
    emit: (g, x, lambdas) =>
      chosen(
        g,
        lambdas,
        isTiny,
        () => g.op("Exp", [x]),
        () => {
          const base = g.op("Add", [g.op("Mul", [x, constantRow(g, lambdas, "lambdas")]), one(g)]);
          return g.op("Pow", [
            base,
            constantRow(
              g,
              lambdas.map((lambda) => 1 / lambda),
            ),
          ]);
        },
      ),
    evaluate: (x, lambda) => (isTiny(lambda) ? Math.exp(x) : (x * lambda + 1) ** (1 / lambda)),
  },
};

/** Rule: scipy's boxcox takes a lambda below 1e-19 for 0. */
function isTiny(lambda: number): boolean {
  return Math.abs(lambda) < 1e-19;
}

const spacing = 2 ** -52;

/** @param byPower whether `(x + 1)^lambda - 1` is computed as written, with the digits that it loses near 0 */
function yeoJohnson(byPower: boolean): { forward: Power; back: Power } {
  // Negative values mirror positive ones, with 2 - lambda.
  const positive: Power = {
    emit: (g, x, lambdas) =>
      chosen(
        g,
        lambdas,
        (lambda) => Math.abs(lambda) < spacing,
        () => emitLog1p(g, x),
        () => {
          const row = constantRow(g, lambdas, "lambdas");
          const grown = byPower
            ? g.op("Sub", [g.op("Pow", [g.op("Add", [x, one(g)]), row]), one(g)])
            : emitExpm1(g, g.op("Mul", [row, emitLog1p(g, x)]));
          return g.op("Div", [grown, row]);
        },
      ),
    evaluate(x, lambda) {
      if (Math.abs(lambda) < spacing) return Math.log1p(x);
      return (byPower ? (x + 1) ** lambda - 1 : Math.expm1(lambda * Math.log1p(x))) / lambda;
    },
  };
  const positiveBack: Power = {
    emit: (g, x, lambdas) =>
      chosen(
        g,
        lambdas,
        (lambda) => Math.abs(lambda) < spacing,
        () => g.op("Sub", [g.op("Exp", [x]), one(g)]),
        () => {
          const base = g.op("Add", [g.op("Mul", [x, constantRow(g, lambdas, "lambdas")]), one(g)]);
          return g.op("Sub", [
            g.op("Pow", [
              base,
              constantRow(
                g,
                lambdas.map((lambda) => 1 / lambda),
              ),
            ]),
            one(g),
          ]);
        },
      ),
    evaluate: (x, lambda) => (Math.abs(lambda) < spacing ? Math.exp(x) - 1 : (x * lambda + 1) ** (1 / lambda) - 1),
  };
  return { forward: mirrored(positive), back: mirrored(positiveBack) };
}

function mirrored(positive: Power): Power {
  return {
    emit(g, x, lambdas) {
      // Absolute values, so that the branch that is not taken meets no number it cannot answer.
      const size = g.op("Abs", [x]);
      const above = positive.emit(g, size, lambdas);
      const below = g.op("Neg", [
        positive.emit(
          g,
          size,
          lambdas.map((lambda) => 2 - lambda),
        ),
      ]);
      return g.op("Where", [g.op("GreaterOrEqual", [x, constantNumber(g, 0)]), above, below], {}, { name: "power" });
    },
    evaluate: (x, lambda) => (x >= 0 ? positive.evaluate(x, lambda) : -positive.evaluate(-x, 2 - lambda)),
  };
}
