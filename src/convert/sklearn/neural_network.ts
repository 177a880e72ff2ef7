// Multi-layer perceptrons. Rule: sklearn/neural_network/_multilayer_perceptron.py, BaseMultilayerPerceptron._forward_pass_fast,
// MLPClassifier._predict and predict_proba; activations of sklearn/neural_network/_base.py.
import { type Fitted, NdArray } from "../../formats/index.ts";
import type { GraphBuilder, Value } from "../../onnx/index.ts";
import { emitPick } from "./combining.ts";
import {
  column,
  constantMatrix,
  constantNumber,
  constantRow,
  denseRows,
  emitDense,
  emitFlat,
  emitRowArgMax,
  mapped,
  product,
  rowArgMax,
} from "./dense.ts";
import type { Classes, Classify, Estimator, Matrix } from "./estimator.ts";
import { aboveRows, bothRows, emitAbove, emitBoth, isMultilabel, yesOrNo } from "./labels.ts";
import { readTargets } from "./tree_classes.ts";
import { numberColumns } from "./tree_input.ts";

interface Activation {
  emit(g: GraphBuilder, x: Value): Value;
  evaluate(x: Matrix): Matrix;
}

const logistic = (value: number) => 1 / (1 + Math.exp(-value));

const activations: Readonly<Record<string, Activation>> = {
  identity: { emit: (_g, x) => x, evaluate: (x) => x },
  relu: {
    emit: (g, x) => g.op("Max", [x, constantNumber(g, 0)]),
    evaluate: (x) => mapped(x, (value) => Math.max(value, 0)),
  },
  tanh: { emit: (g, x) => g.op("Tanh", [x]), evaluate: (x) => mapped(x, Math.tanh) },
  logistic: {
    emit: (g, x) =>
      g.op("Div", [constantNumber(g, 1), g.op("Add", [constantNumber(g, 1), g.op("Exp", [g.op("Neg", [x])])])]),
    evaluate: (x) => mapped(x, logistic),
  },
  exp: { emit: (g, x) => g.op("Exp", [x]), evaluate: (x) => mapped(x, Math.exp) },
  softmax: { emit: (g, x) => g.op("Softmax", [x], { axis: 1 }), evaluate: softmaxRows },
};

function softmaxRows(x: Matrix): Matrix {
  const { rows, columns, data } = x;
  const result = new Float64Array(data.length);
  for (let row = 0; row < rows; row++) {
    const values = data.subarray(row * columns, (row + 1) * columns);
    const largest = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    const sum = values.reduce((total, value) => total + Math.exp(value - largest), 0);
    values.forEach((value, k) => {
      result[row * columns + k] = Math.exp(value - largest) / sum;
    });
  }
  return { rows, columns, data: result };
}

interface Network {
  readonly features: number;
  readonly outputs: number;
  readonly last: string;
  emit(g: GraphBuilder, x: Value): Value;
  evaluate(x: Matrix): Matrix;
}

function readNetwork(self: Fitted): Network {
  const arrays = (name: string) =>
    self.items(name).map((item) => {
      if (item instanceof NdArray) return item;
      throw self.invalid(`has \`${name}\` that are no arrays`);
    });
  const biases = arrays("intercepts_").map((array) => array.floats());
  const layers = arrays("coefs_").map((array, i): { weights: Matrix; bias: Float64Array } => {
    const [rows, columns] = array.shape;
    const bias = biases[i];
    if (array.shape.length !== 2 || bias?.length !== columns)
      throw self.invalid(`has a layer ${i} whose shapes do not fit`);
    return { weights: { rows: rows!, columns: columns!, data: array.floats() }, bias: bias! };
  });
  const [hidden, last] = [self.string("activation"), self.string("out_activation_")];
  for (const name of [hidden, last])
    if (!Object.hasOwn(activations, name)) throw self.unsupported(`uses the activation ${name}`);
  const activationOf = (layer: number) => activations[layer === layers.length - 1 ? last : hidden]!;
  if (layers.length === 0) throw self.invalid("has no layers");
  return {
    features: layers[0]!.weights.rows,
    outputs: layers.at(-1)!.weights.columns,
    last,
    emit: (g, x) =>
      layers.reduce(
        (value, { weights, bias }, i) =>
          activationOf(i).emit(
            g,
            g.op("Add", [g.op("MatMul", [value, constantMatrix(g, weights, "weights")]), constantRow(g, bias, "bias")]),
          ),
        x,
      ),
    evaluate: (x) =>
      layers.reduce(
        (value, { weights, bias }, i) =>
          activationOf(i).evaluate(mapped(product(value, weights), (sum, _row, k) => sum + bias[k]!)),
        x,
      ),
  };
}

const named = (name: string) => [
  `sklearn.neural_network._multilayer_perceptron.${name}`,
  `sklearn.neural_network.multilayer_perceptron.${name}`,
];

export const mlpRegressor: Estimator = {
  classes: named("MLPRegressor"),
  read(self) {
    const network = readNetwork(self);
    const flat = network.outputs === 1;
    return {
      columns: numberColumns(network.features),
      regress: {
        targets: flat ? null : network.outputs,
        emit(x, { g }) {
          const sums = network.emit(g, emitDense(g, x));
          return flat ? emitFlat(g, sums) : sums;
        },
        evaluate: (x) => network.evaluate(denseRows(x)),
      },
    };
  },
};

export const mlpClassifier: Estimator = {
  classes: named("MLPClassifier"),
  read(self) {
    const network = readNetwork(self);
    const binarizer = self.optionalChild("_label_binarizer");
    const columns = numberColumns(network.features);
    if (isMultilabel(binarizer)) return { columns, classify: labelsOf(network) };
    const [classes] = readTargets(self) as [Classes];
    const binary = network.outputs === 1;
    if (!binary && network.last !== "softmax") throw self.unsupported(`ends in the activation ${network.last}`);
    return {
      columns,
      classify: {
        targets: [classes],
        emit(x, { g }) {
          const last = network.emit(g, emitDense(g, x));
          if (binary) return [{ index: emitAbove(g, emitFlat(g, last), 0.5), probabilities: emitBoth(g, last) }];
          return [{ index: emitRowArgMax(g, last), probabilities: last }];
        },
        evaluate(x) {
          const last = network.evaluate(denseRows(x));
          if (!binary) return [{ index: rowArgMax(last), probabilities: last }];
          const second = column(last, 0);
          return [{ index: aboveRows(second, 0.5), probabilities: bothRows(second) }];
        },
      },
    };
  },
};

/** Each output is the probability of its label. */
function labelsOf(network: Network): Classify {
  const positions = Array.from({ length: network.outputs }, (_, k) => k);
  return {
    targets: positions.map(() => yesOrNo),
    emit(x, { g }) {
      const last = network.emit(g, emitDense(g, x));
      return positions.map((k) => {
        const second = emitPick(g, last, k);
        return { index: emitAbove(g, emitFlat(g, second), 0.5), probabilities: emitBoth(g, second) };
      });
    },
    evaluate(x) {
      const last = network.evaluate(denseRows(x));
      return positions.map((k) => {
        const second = column(last, k);
        return { index: aboveRows(second, 0.5), probabilities: bothRows(second) };
      });
    },
  };
}
