// Operators that work element by element: the shape is that of the input, or of all inputs broadcast.
import { dataTypeOf } from "../data_types.ts";
import type { Rule } from "./rule.ts";
import { broadcast } from "./shapes.ts";

/** Same type and shape as the first input. */
export const same: Rule = ({ inputs }) => [{ dtype: inputs[0]?.dtype ?? null, shape: inputs[0]?.shape ?? null }];

const broadcasting: Rule = ({ inputs }) => [
  { dtype: inputs[0]?.dtype ?? null, shape: broadcast(inputs.map((input) => input?.shape)) },
];

const comparing: Rule = ({ inputs }) => [{ dtype: "bool", shape: broadcast(inputs.map((input) => input?.shape)) }];

const testing: Rule = ({ inputs }) => [{ dtype: "bool", shape: inputs[0]?.shape ?? null }];

const unary =
  "Abs Acos Acosh Asin Asinh Atan Atanh Ceil Celu Clip Cos Cosh CumSum Elu Erf Exp Floor Gelu HardSigmoid HardSwish " +
  "Hardmax Identity InstanceNormalization LRN LeakyRelu Log LogSoftmax LpNormalization MeanVarianceNormalization " +
  "Mish Neg Not PRelu Reciprocal Relu Round ScatterElements ScatterND Scatter Selu Shrink Sigmoid Sign Sin Sinh Softmax Softplus " +
  "Softsign Sqrt Tan Tanh ThresholdedRelu Trilu BatchNormalization BitwiseNot ReverseSequence RMSNormalization GroupNormalization Swish";
const binary = "Add Sub Mul Div Pow Mod Max Min Mean Sum And Or Xor BitShift BitwiseAnd BitwiseOr BitwiseXor";
const comparison = "Equal Greater GreaterOrEqual Less LessOrEqual";

export const elementwise: Record<string, Rule> = {
  ...Object.fromEntries(unary.split(" ").map((name) => [name, same])),
  ...Object.fromEntries(binary.split(" ").map((name) => [name, broadcasting])),
  ...Object.fromEntries(comparison.split(" ").map((name) => [name, comparing])),
  And: comparing,
  Or: comparing,
  Xor: comparing,
  Not: testing,
  IsNaN: testing,
  IsInf: testing,
  RegexFullMatch: testing,
  StringConcat: broadcasting,
  Bernoulli: ({ inputs, attributes }) => [
    {
      dtype: dataTypeOf(attributes.int("dtype", 0))?.dtype ?? inputs[0]?.dtype ?? null,
      shape: inputs[0]?.shape ?? null,
    },
  ],
  Dropout: (call) => [same(call)[0]!, { dtype: "bool", shape: call.inputs[0]?.shape ?? null }],
  Where: ({ inputs }) => [
    { dtype: inputs[1]?.dtype ?? inputs[2]?.dtype ?? null, shape: broadcast(inputs.map((input) => input?.shape)) },
  ],
  Cast: ({ inputs, attributes }) => [
    { dtype: dataTypeOf(attributes.int("to", 0))?.dtype ?? null, shape: inputs[0]?.shape ?? null },
  ],
  CastLike: ({ inputs }) => [{ dtype: inputs[1]?.dtype ?? null, shape: inputs[0]?.shape ?? null }],
  QuantizeLinear: ({ inputs, attributes }) => [
    {
      dtype: inputs[2]?.dtype ?? dataTypeOf(attributes.int("output_dtype", 0))?.dtype ?? "uint8",
      shape: inputs[0]?.shape ?? null,
    },
  ],
  DequantizeLinear: ({ inputs, attributes }) => [
    {
      dtype: dataTypeOf(attributes.int("output_dtype", 0))?.dtype ?? inputs[1]?.dtype ?? null,
      shape: inputs[0]?.shape ?? null,
    },
  ],
  DynamicQuantizeLinear: ({ inputs }) => [
    { dtype: "uint8", shape: inputs[0]?.shape ?? null },
    { dtype: "float32", shape: [] },
    { dtype: "uint8", shape: [] },
  ],
};
