// Resizing in the graph, as Pillow does it, in two ways: exactly, as two matrix products of whole numbers in double (no order of summation changes
// them), where that is little work; and by ONNX's Resize, which is within one level on 2 % of the values for images that are neither tiny
// nor extremely long. Both stand in the graph, and the way that is not taken gets one pixel per record.
import { float, float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { sizeOf, whole } from "./image_column.ts";
import type { Filter } from "./pillow_resize.ts";

/** Products per record that the exact way may take: some 10 ms on a server. */
const mostProducts = 2 ** 26;
/** Elements of one matrix of weights. */
const mostWeights = 2 ** 21;
const precision = 2 ** 22;

/** @param value uint8 `[N, H, W, C]`. @param wanted height and width as int64 `[]`. @returns uint8 `[N, h, w, C]` */
export function emitResize(
  g: GraphBuilder,
  value: Value,
  wanted: readonly [Value, Value],
  filter: Filter,
  channels: number,
): Value {
  const own = [sizeOf(g, value, 1), sizeOf(g, value, 2)] as const;
  if (filter === "nearest") return emitNearest(g, emitNearest(g, value, 1, own[0], wanted[0]), 2, own[1], wanted[1]);
  const isExact = emitIsLittleWork(g, own, wanted, channels);
  const rows = sizeOf(g, value, 0);
  const way = (isTaken: Value, compute: (image: Value, to: readonly [Value, Value]) => Value) => {
    const only = (size: Value) => g.op("Where", [isTaken, size, whole(g, 1)]);
    const to = [only(wanted[0]), only(wanted[1])] as const;
    const ends = joined(g, [only(own[0]), only(own[1])]);
    const zeros = g.constant(int64([0, 0]), "zeros");
    const part = g.op("Slice", [value, zeros, ends, g.constant(int64([1, 2]), "sides")]);
    const taken = g.op("Where", [isTaken, rows, whole(g, 0)]);
    const result = g.op("Slice", [
      compute(part, to),
      g.constant(int64([0]), "zero"),
      joined(g, [taken]),
      g.constant(int64([0]), "zero"),
    ]);
    return g.op("Reshape", [result, joined(g, [taken, ...wanted, whole(g, channels)])], { allowzero: 1 });
  };
  const exact = way(isExact, (image, to) => emitExact(g, image, to, filter));
  const fast = way(g.op("Not", [isExact]), (image, to) => emitOperator(g, image, to, filter, channels));
  return g.op("Concat", [exact, fast], { axis: 0 });
}

function joined(g: GraphBuilder, scalars: readonly Value[]): Value {
  const vector = g.constant(int64([1]), "vector");
  return g.op(
    "Concat",
    scalars.map((scalar) => g.op("Reshape", [scalar, vector])),
    { axis: 0 },
  );
}

function emitIsLittleWork(
  g: GraphBuilder,
  [height, width]: readonly [Value, Value],
  [toHeight, toWidth]: readonly [Value, Value],
  channels: number,
): Value {
  const product = (...values: Value[]) => values.reduce((all, value) => g.op("Mul", [all, value]));
  const products = product(whole(g, channels), toWidth, height, g.op("Add", [width, toHeight]));
  const weights = g.op("Max", [product(width, toWidth), product(height, toHeight)]);
  return g.op("And", [
    g.op("LessOrEqual", [products, whole(g, mostProducts)]),
    g.op("LessOrEqual", [weights, whole(g, mostWeights)]),
  ]);
}

function emitOperator(
  g: GraphBuilder,
  image: Value,
  to: readonly [Value, Value],
  filter: Filter,
  channels: number,
): Value {
  const kernel = filter === "bicubic" ? { mode: "cubic", cubic_coeff_a: float(-0.5) } : { mode: "linear" };
  return g.op(
    "Resize",
    [image, null, null, joined(g, [sizeOf(g, image, 0), ...to, whole(g, channels)])],
    { ...kernel, antialias: 1, exclude_outside: 1, coordinate_transformation_mode: "half_pixel" },
    { results: [{ dtype: "uint8", shape: [null, null, null, channels] }] },
  );
}

/** Along the width, rounded to bytes, then along the height: Resample.c. */
function emitExact(g: GraphBuilder, image: Value, [height, width]: readonly [Value, Value], filter: Filter): Value {
  const across = emitWeights(g, sizeOf(g, image, 2), width, filter);
  const down = emitWeights(g, sizeOf(g, image, 1), height, filter);
  const channelsFirst = g.op("Transpose", [g.op("Cast", [image], { to: 11 })], { perm: [0, 3, 1, 2] });
  const wide = g.op("Transpose", [emitPass(g, channelsFirst, across)], { perm: [0, 1, 3, 2] });
  return g.op("Cast", [g.op("Transpose", [emitPass(g, wide, down)], { perm: [0, 3, 2, 1] })], { to: 2 });
}

function emitPass(g: GraphBuilder, value: Value, weights: Value): Value {
  const sum = g.op("Add", [g.op("MatMul", [value, weights]), number(g, precision / 2)]);
  const level = g.op("Floor", [g.op("Div", [sum, number(g, precision)])]);
  return g.op("Max", [g.op("Min", [level, number(g, 255)]), number(g, 0)]);
}

function number(g: GraphBuilder, value: number): Value {
  return g.constant(float64([value], []), "number");
}

/** Whole numbers in double, `[size, wanted]`: what `tapsOf` in pillow_resize.ts computes one by one. */
function emitWeights(g: GraphBuilder, size: Value, wanted: Value, filter: Filter): Value {
  const double = (value: Value) => g.op("Cast", [value], { to: 11 });
  const counted = (count: Value) => double(g.op("Range", [whole(g, 0), count, whole(g, 1)]));
  const [one, half] = [number(g, 1), number(g, 0.5)];
  const scale = g.op("Div", [double(size), double(wanted)]);
  const stretch = g.op("Max", [scale, one]);
  const reach = g.op("Mul", [stretch, number(g, filter === "bicubic" ? 2 : 1)]);
  const centre = g.op("Mul", [g.op("Add", [counted(wanted), half]), scale]);
  const source = g.op("Unsqueeze", [counted(size), g.constant(int64([1]), "second")]);
  const first = g.op("Floor", [g.op("Max", [g.op("Add", [g.op("Sub", [centre, reach]), half]), number(g, 0)])]);
  const end = g.op("Min", [g.op("Floor", [g.op("Add", [g.op("Add", [centre, reach]), half])]), double(size)]);
  const isRead = g.op("And", [g.op("GreaterOrEqual", [source, first]), g.op("Less", [source, end])]);
  const offset = g.op("Add", [g.op("Sub", [source, centre]), half]);
  const distance = g.op("Abs", [g.op("Mul", [offset, g.op("Div", [one, stretch])])]);
  const kernel =
    filter === "bicubic" ? emitCubic(g, distance) : g.op("Max", [g.op("Sub", [one, distance]), number(g, 0)]);
  const raw = g.op("Where", [isRead, kernel, number(g, 0)]);
  const sum = g.op("ReduceSum", [raw, g.constant(int64([0]), "first")], { keepdims: 1 });
  const share = g.op("Mul", [g.op("Div", [raw, sum]), number(g, precision)]);
  return g.op("Where", [
    g.op("Less", [share, number(g, 0)]),
    g.op("Ceil", [g.op("Sub", [share, half])]),
    g.op("Floor", [g.op("Add", [share, half])]),
  ]);
}

function emitCubic(g: GraphBuilder, d: Value): Value {
  const [mul, add] = [
    (a: Value, b: Value) => g.op("Mul", [a, b]),
    (a: Value, b: number) => g.op("Add", [a, number(g, b)]),
  ];
  const a = -0.5;
  const near = add(mul(mul(add(mul(d, number(g, a + 2)), -(a + 3)), d), d), 1);
  const far = mul(add(mul(add(mul(add(d, -5), d), 8), d), -4), number(g, a));
  const beyond = g.op("Where", [g.op("Less", [d, number(g, 2)]), far, number(g, 0)]);
  return g.op("Where", [g.op("Less", [d, number(g, 1)]), near, beyond]);
}

/** Positions along one axis, summed up in steps as Pillow does, then Gather. */
function emitNearest(g: GraphBuilder, value: Value, axis: number, size: Value, wanted: Value): Value {
  const double = (integer: Value) => g.op("Cast", [integer], { to: 11 });
  const by = g.op("Div", [double(size), double(wanted)]);
  const steps = g.op("Expand", [by, joined(g, [wanted])]);
  const isFirst = g.op("Equal", [g.op("Range", [whole(g, 0), wanted, whole(g, 1)]), whole(g, 0)]);
  const at = g.op("CumSum", [g.op("Where", [isFirst, g.op("Mul", [by, number(g, 0.5)]), steps]), whole(g, 0)]);
  return g.op("Gather", [value, g.op("Cast", [at], { to: 7 })], { axis });
}
