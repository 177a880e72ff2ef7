// Operators that reduce, multiply, convolve, create or choose.
import { dataTypeOf } from "../data_types.ts";
import type { Dimension } from "../model.ts";
import type { Call, Fact, Rule } from "./rule.ts";
import { anyShape, axisOf, broadcast, integers, product, type Shape } from "./shapes.ts";

function dtypeOf(call: Call): Fact["dtype"] {
  return call.inputs[0]?.dtype ?? null;
}

/** `axes` removed, or kept as 1. */
function reducedShape(from: Shape, axes: readonly number[] | null, keeps: boolean): Shape {
  const gone = axes?.map((axis) => axisOf(axis, from.length));
  const isGone = (i: number) => !gone || gone.includes(i);
  return keeps ? from.map((size, i) => (isGone(i) ? 1 : size)) : from.filter((_, i) => !isGone(i));
}

const reduce: Rule = (call) => {
  const from = call.inputs[0]?.shape;
  const given = call.attributes.ints("axes") ?? (call.inputs[1] ? integers(call.inputs[1]) : []);
  const keeps = call.attributes.int("keepdims", 1) === 1;
  if (!from || !given) return [{ dtype: dtypeOf(call), shape: from && keeps ? anyShape(from.length) : null }];
  if (given.length === 0 && call.attributes.int("noop_with_empty_axes", 0) === 1)
    return [{ dtype: dtypeOf(call), shape: from }];
  return [{ dtype: dtypeOf(call), shape: reducedShape(from, given.length === 0 ? null : given, keeps) }];
};

const argument: Rule = ({ inputs, attributes }) => {
  const from = inputs[0]?.shape;
  const keeps = attributes.int("keepdims", 1) === 1;
  return [{ dtype: "int64", shape: from ? reducedShape(from, [attributes.int("axis", 0)], keeps) : null }];
};

const topK: Rule = (call) => {
  const from = call.inputs[0]?.shape;
  const axis = from ? axisOf(call.attributes.int("axis", -1), from.length) : null;
  const k = call.attributes.int("k", null) ?? integers(call.inputs[1])?.[0] ?? null;
  const shape = from ? from.map((size, i) => (i === axis ? k : size)) : null;
  return [
    { dtype: dtypeOf(call), shape },
    { dtype: "int64", shape },
  ];
};

function matMulShape(a: Shape | null | undefined, b: Shape | null | undefined): Shape | null {
  if (!a || !b || a.length === 0 || b.length === 0) return null;
  const batch = broadcast([a.slice(0, -2), b.slice(0, -2)]) ?? [];
  return [...batch, ...(a.length > 1 ? [a.at(-2)!] : []), ...(b.length > 1 ? [b.at(-1)!] : [])];
}

const gemm: Rule = (call) => {
  const [a, b] = [call.inputs[0]?.shape, call.inputs[1]?.shape];
  const rows = a?.[call.attributes.int("transA", 0) ? 1 : 0] ?? null;
  const columns = b?.[call.attributes.int("transB", 0) ? 0 : 1] ?? null;
  return [{ dtype: dtypeOf(call), shape: [rows, columns] }];
};

/** Output size of one window dimension; rules: Conv and MaxPool in onnx/docs/Operators.md. */
function windows(
  size: Dimension,
  kernel: number,
  stride: number,
  dilation: number,
  pads: number,
  mode: string,
  ceil: boolean,
) {
  if (typeof size !== "number") return null;
  if (mode.startsWith("SAME")) return Math.ceil(size / stride);
  const steps = (size + pads - dilation * (kernel - 1) - 1) / stride;
  return (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
}

function slidingShape(call: Call, kernel: readonly Dimension[] | null, channels: Dimension): Shape | null {
  const from = call.inputs[0]?.shape;
  if (!from || !kernel || from.length !== kernel.length + 2)
    return from ? [from[0]!, channels, ...anyShape(from.length - 2)] : null;
  const { attributes } = call;
  const strides = attributes.ints("strides");
  const dilations = attributes.ints("dilations");
  const pads = attributes.ints("pads");
  const mode = attributes.text("auto_pad", "NOTSET");
  const sizes = kernel.map((size, i) => {
    if (typeof size !== "number") return null;
    const padding = mode === "VALID" ? 0 : (pads?.[i] ?? 0) + (pads?.[i + kernel.length] ?? 0);
    const ceil = attributes.int("ceil_mode", 0) === 1;
    return windows(from[i + 2]!, size, strides?.[i] ?? 1, dilations?.[i] ?? 1, padding, mode, ceil);
  });
  return [from[0]!, channels, ...sizes];
}

const convolution: Rule = (call) => {
  const weights = call.inputs[1]?.shape;
  const kernel = call.attributes.ints("kernel_shape") ?? weights?.slice(2) ?? null;
  return [{ dtype: dtypeOf(call), shape: slidingShape(call, kernel, weights?.[0] ?? null) }];
};

const pooling: Rule = (call) => {
  const shape = slidingShape(call, call.attributes.ints("kernel_shape"), call.inputs[0]?.shape?.[1] ?? null);
  return [
    { dtype: dtypeOf(call), shape },
    { dtype: "int64", shape },
  ];
};

const globalPooling: Rule = (call) => {
  const from = call.inputs[0]?.shape;
  return [{ dtype: dtypeOf(call), shape: from ? from.map((size, i) => (i < 2 ? size : 1)) : null }];
};

const constant: Rule = ({ attributes }) => {
  const tensor = attributes.tensor("value");
  if (tensor) return [{ dtype: tensor.dtype, shape: tensor.dims, constant: tensor }];
  const ints = attributes.ints("value_ints");
  if (ints) return [{ dtype: "int64", shape: [ints.length] }];
  for (const [name, dtype] of [
    ["value_float", "float32"],
    ["value_int", "int64"],
    ["value_string", "string"],
  ] as const)
    if (attributes.has(name)) return [{ dtype, shape: [] }];
  if (attributes.has("value_floats")) return [{ dtype: "float32", shape: [null] }];
  return attributes.has("value_strings") ? [{ dtype: "string", shape: [null] }] : [];
};

/** The shape that an input spells out; its rank at least. */
function spelled(call: Call, input: number): Shape | null {
  const sizes = integers(call.inputs[input]);
  if (sizes) return sizes;
  const rank = call.inputs[input]?.shape?.[0];
  return typeof rank === "number" && rank < 64 ? anyShape(rank) : null;
}

const resize: Rule = (call) => {
  const from = call.inputs[0]?.shape;
  const sizes = integers(call.inputs[3]);
  const scales = integers(call.inputs[call.inputs.length > 2 ? 2 : 1]);
  if (!from || call.attributes.has("axes"))
    return [{ dtype: dtypeOf(call), shape: from ? anyShape(from.length) : null }];
  if (sizes?.length === from.length) return [{ dtype: dtypeOf(call), shape: sizes }];
  const scaled = from.map((size, i) => {
    const scale = scales?.[i];
    return typeof size === "number" && scale !== undefined ? Math.floor(size * scale) : scale === 1 ? size : null;
  });
  return [{ dtype: dtypeOf(call), shape: scaled }];
};

const oneHot: Rule = ({ inputs, attributes }) => {
  const from = inputs[0]?.shape;
  const depth = integers(inputs[1])?.[0] ?? null;
  const axis = from ? axisOf(attributes.int("axis", -1), from.length + 1) : null;
  const shape = from && axis !== null ? [...from.slice(0, axis), depth, ...from.slice(axis)] : null;
  return [{ dtype: inputs[2]?.dtype ?? null, shape }];
};

const random: Rule = ({ attributes, inputs }) => [
  {
    dtype: dataTypeOf(attributes.int("dtype", 0))?.dtype ?? inputs[0]?.dtype ?? "float32",
    shape: attributes.ints("shape") ?? inputs[0]?.shape ?? null,
  },
];

/** Outputs of the first input's type whose shapes are not worked out. */
const typeOnly: Rule = (call) => Array.from({ length: call.outputs }, () => ({ dtype: dtypeOf(call), shape: null }));

/** Y [steps, directions, batch, hidden], then the last states; rule: LSTM in onnx/docs/Operators.md, layout 0. */
const recurrent: Rule = (call) => {
  const [steps = null, batch = null] = call.inputs[0]?.shape ?? [];
  const directions = call.attributes.text("direction", "forward") === "bidirectional" ? 2 : 1;
  const hidden = call.attributes.int("hidden_size", null);
  if (call.attributes.int("layout", 0) !== 0) return typeOnly(call);
  const state = { dtype: dtypeOf(call), shape: [directions, batch, hidden] };
  return [{ dtype: dtypeOf(call), shape: [steps, directions, batch, hidden] }, state, state];
};

const window: Rule = ({ attributes }) => [
  { dtype: dataTypeOf(attributes.int("output_datatype", 1))?.dtype ?? null, shape: [null] },
];

/** The normalised input, then mean and inverse deviation in `stash_type`. */
const layerNormalization: Rule = (call) => {
  const dtype = dataTypeOf(call.attributes.int("stash_type", 1))?.dtype ?? null;
  const from = call.inputs[0]?.shape;
  const axis = from ? axisOf(call.attributes.int("axis", -1), from.length) : null;
  const shape = from && axis !== null ? from.map((size, i) => (i < axis ? size : 1)) : null;
  return [
    { dtype: dtypeOf(call), shape: from ?? null },
    { dtype, shape },
    { dtype, shape },
  ];
};

const windowNames = "BlackmanWindow HammingWindow HannWindow";
const typeOnlyNames =
  "ConvTranspose GridSample MaxUnpool NegativeLogLikelihoodLoss RoiAlign MaxRoiPool SoftmaxCrossEntropyLoss STFT DFT AffineGrid Col2Im " +
  "CenterCropPad Attention RotaryEmbedding Momentum Adagrad Adam";
const reductions = "L1 L2 LogSum LogSumExp Max Mean Min Prod Sum SumSquare";

export const computing: Record<string, Rule> = {
  ...Object.fromEntries(reductions.split(" ").map((name) => [`Reduce${name}`, reduce])),
  ...Object.fromEntries(typeOnlyNames.split(" ").map((name) => [name, typeOnly])),
  ...Object.fromEntries(windowNames.split(" ").map((name) => [name, window])),
  LSTM: recurrent,
  GRU: recurrent,
  RNN: recurrent,
  LayerNormalization: layerNormalization,
  QLinearConv: (call) => [{ dtype: call.inputs[7]?.dtype ?? null, shape: null }],
  ArgMax: argument,
  ArgMin: argument,
  TopK: topK,
  MatMul: (call) => [{ dtype: dtypeOf(call), shape: matMulShape(call.inputs[0]?.shape, call.inputs[1]?.shape) }],
  MatMulInteger: (call) => [{ dtype: "int32", shape: matMulShape(call.inputs[0]?.shape, call.inputs[1]?.shape) }],
  QLinearMatMul: (call) => [
    { dtype: call.inputs[7]?.dtype ?? null, shape: matMulShape(call.inputs[0]?.shape, call.inputs[3]?.shape) },
  ],
  Gemm: gemm,
  Conv: convolution,
  ConvInteger: (call) => [{ dtype: "int32", shape: convolution(call)[0]!.shape }],
  MaxPool: pooling,
  AveragePool: (call) => pooling(call).slice(0, 1),
  LpPool: (call) => pooling(call).slice(0, 1),
  GlobalAveragePool: globalPooling,
  GlobalMaxPool: globalPooling,
  GlobalLpPool: globalPooling,
  Constant: constant,
  ConstantOfShape: (call) => [{ dtype: call.attributes.tensor("value")?.dtype ?? "float32", shape: spelled(call, 0) }],
  Range: (call) => [{ dtype: dtypeOf(call), shape: [null] }],
  EyeLike: (call) => [
    {
      dtype: dataTypeOf(call.attributes.int("dtype", 0))?.dtype ?? dtypeOf(call),
      shape: call.inputs[0]?.shape ?? null,
    },
  ],
  Resize: resize,
  Upsample: resize,
  OneHot: oneHot,
  NonZero: ({ inputs }) => [{ dtype: "int64", shape: [inputs[0]?.shape?.length ?? null, null] }],
  Unique: (call) => [
    { dtype: dtypeOf(call), shape: call.attributes.has("axis") ? null : [null] },
    { dtype: "int64", shape: [null] },
    { dtype: "int64", shape: [null] },
    { dtype: "int64", shape: [null] },
  ],
  NonMaxSuppression: () => [{ dtype: "int64", shape: [null, 3] }],
  RandomNormal: random,
  RandomUniform: random,
  RandomNormalLike: random,
  RandomUniformLike: random,
  Multinomial: ({ inputs, attributes }) => [
    {
      dtype: dataTypeOf(attributes.int("dtype", 6))?.dtype ?? null,
      shape: [inputs[0]?.shape?.[0] ?? null, attributes.int("sample_size", 1)],
    },
  ],
  Det: (call) => [{ dtype: dtypeOf(call), shape: call.inputs[0]?.shape?.slice(0, -2) ?? null }],
  Einsum: (call) => [{ dtype: dtypeOf(call), shape: einsumShape(call) }],
  TfIdfVectorizer: ({ inputs, attributes }) => {
    const width = (attributes.ints("ngram_indexes") ?? []).reduce((most, index) => Math.max(most, index + 1), 0);
    const from = inputs[0]?.shape;
    return [{ dtype: "float32", shape: from ? [...from.slice(0, -1), width] : null }];
  },
  StringNormalizer: ({ inputs }) => [
    { dtype: "string", shape: inputs[0]?.shape ? anyShape(inputs[0].shape.length) : null },
  ],
  StringSplit: ({ inputs }) => [
    { dtype: "string", shape: inputs[0]?.shape ? [...inputs[0].shape, null] : null },
    { dtype: "int64", shape: inputs[0]?.shape ?? null },
  ],
  ImageDecoder: () => [{ dtype: "uint8", shape: [null, null, null] }],
};

/** `ij,jk->ik` with explicit output and no ellipsis; anything else is unknown. */
function einsumShape({ inputs, attributes }: Call): Shape | null {
  const match = /^([a-zA-Z, ]*)->([a-zA-Z ]*)$/.exec(attributes.text("equation", ""));
  if (!match) return null;
  const sizes = new Map<string, Dimension>();
  match[1]!.split(",").forEach((letters, i) => {
    [...letters.trim()].forEach((letter, at) => {
      const size = inputs[i]?.shape?.[at] ?? null;
      if (product([sizes.get(letter) ?? null]) === null) sizes.set(letter, size ?? sizes.get(letter) ?? null);
    });
  });
  return [...match[2]!.trim()].map((letter) => sizes.get(letter) ?? null);
}
