// Operators that move elements around: the values stay, the shape changes.

import type { Dimension } from "../model.ts";
import { int64 } from "../tensor.ts";
import type { Call, Fact, Rule } from "./rule.ts";
import { anyShape, axisOf, integers, product, type Shape } from "./shapes.ts";

/** The first input's type with another shape. */
function reshaped({ inputs }: Call, shape: Shape | null): Fact[] {
  return [{ dtype: inputs[0]?.dtype ?? null, shape }];
}

/** Axes come as an attribute before opset 13 and as an input since. */
function axes(call: Call, input: number): number[] | null {
  return call.attributes.ints("axes") ?? integers(call.inputs[input]);
}

const reshape: Rule = (call) => {
  const wanted = call.attributes.ints("shape") ?? integers(call.inputs[1]);
  const from = call.inputs[0]?.shape;
  if (!wanted || wanted.length > 64) {
    const rank = call.inputs[1]?.shape?.[0];
    return reshaped(call, typeof rank === "number" && rank < 64 ? anyShape(rank) : null);
  }
  const keepsZero = call.attributes.int("allowzero", 0) === 0;
  const shape: Dimension[] = wanted.map((size, i) => (size === 0 && keepsZero ? (from?.[i] ?? null) : size));
  const open = wanted.indexOf(-1);
  if (open < 0) return reshaped(call, shape);
  const rest = shape.filter((_, i) => i !== open);
  shape[open] = from ? remaining(from, rest) : null;
  return reshaped(call, shape);
};

/** The size that makes both shapes hold the same number of elements: named sizes on both sides cancel out. */
function remaining(from: Shape, rest: Shape): Dimension {
  const left = [...from];
  const over: Dimension[] = [];
  for (const size of rest) {
    const at = left.indexOf(size);
    if (at >= 0 && size !== null) left.splice(at, 1);
    else over.push(size);
  }
  const divisor = product(over);
  const named = left.filter((size) => typeof size !== "number");
  const fixed = product(left.filter((size) => typeof size === "number"));
  if (divisor === null || fixed === null || divisor === 0) return null;
  if (named.length === 0) return fixed % divisor === 0 ? fixed / divisor : null;
  return named.length === 1 && fixed === divisor ? named[0]! : null;
}

const squeeze: Rule = (call) => {
  const from = call.inputs[0]?.shape;
  const given = axes(call, 1);
  if (!from || (!given && call.inputs[1])) return reshaped(call, null);
  const gone = given?.map((axis) => axisOf(axis, from.length));
  return reshaped(
    call,
    from.filter((size, i) => (gone ? !gone.includes(i) : size !== 1)),
  );
};

const unsqueeze: Rule = (call) => {
  const from = call.inputs[0]?.shape;
  const given = axes(call, 1);
  if (!from || !given) return reshaped(call, null);
  const rank = from.length + given.length;
  const added = given.map((axis) => axisOf(axis, rank));
  const rest = [...from];
  return reshaped(
    call,
    Array.from({ length: rank }, (_, i) => (added.includes(i) ? 1 : (rest.shift() ?? null))),
  );
};

const concat: Rule = (call) => {
  const shapes = call.inputs.map((input) => input?.shape);
  const first = shapes.find((shape) => shape);
  const dtype = call.inputs.find((input) => input?.dtype)?.dtype ?? null;
  if (!first) return [{ dtype, shape: null }];
  const axis = axisOf(call.attributes.int("axis", 0), first.length);
  const shape = first.map((_, i): Dimension => {
    const sizes = shapes.map((other) => other?.[i] ?? null);
    if (i === axis) return product(sizes) === null ? null : (sizes as number[]).reduce((sum, size) => sum + size, 0);
    return sizes.find((size) => typeof size === "number") ?? sizes.find((size) => size !== null) ?? null;
  });
  return [{ dtype, shape }];
};

const transpose: Rule = (call) => {
  const from = call.inputs[0]?.shape;
  if (!from) return reshaped(call, null);
  const order = call.attributes.ints("perm") ?? from.map((_, i) => from.length - 1 - i);
  return reshaped(
    call,
    order.map((i) => from[i] ?? null),
  );
};

const gather: Rule = (call) => {
  const from = call.inputs[0]?.shape;
  const index = call.inputs[1]?.shape;
  const axis = from ? axisOf(call.attributes.int("axis", 0), from.length) : null;
  if (!from || !index || axis === null) return reshaped(call, null);
  return reshaped(call, [...from.slice(0, axis), ...index, ...from.slice(axis + 1)]);
};

const slice: Rule = (call) => {
  const from = call.inputs[0]?.shape;
  const starts = call.attributes.ints("starts") ?? integers(call.inputs[1]);
  const ends = call.attributes.ints("ends") ?? integers(call.inputs[2]);
  if (!from) return reshaped(call, null);
  const along = call.attributes.ints("axes") ?? (call.inputs[3] ? integers(call.inputs[3]) : starts?.map((_, i) => i));
  const steps = call.inputs[4] ? integers(call.inputs[4]) : starts?.map(() => 1);
  if (!starts || !ends || !along || !steps) return reshaped(call, along ? cut(from, along) : anyShape(from.length));
  const shape = [...from];
  along.forEach((axis, i) => {
    const at = axisOf(axis, from.length);
    if (at !== null) shape[at] = sliced(from[at]!, starts[i]!, ends[i]!, steps[i]!);
  });
  return reshaped(call, shape);
};

function cut(from: Shape, along: readonly number[]): Shape {
  const gone = along.map((axis) => axisOf(axis, from.length));
  return from.map((size, i) => (gone.includes(i) ? null : size));
}

/** Number of elements of `start:end:step`, bounds clamped as ONNX says. */
function sliced(size: Dimension, start: number, end: number, step: number): Dimension {
  if (typeof size !== "number") return start === 0 && end >= 2 ** 31 - 1 && step === 1 ? size : null;
  if (step === 0) return null;
  const low = step > 0 ? 0 : -1;
  const high = step > 0 ? size : size - 1;
  const from = Math.min(Math.max(start < 0 ? start + size : start, step > 0 ? 0 : 0), high);
  const to = Math.min(Math.max(end < 0 ? end + size : end, low), high);
  return Math.max(0, Math.ceil((to - from) / step));
}

const split: Rule = (call) => {
  const from = call.inputs[0]?.shape;
  const dtype = call.inputs[0]?.dtype ?? null;
  const axis = from ? axisOf(call.attributes.int("axis", 0), from.length) : null;
  const lengths = call.attributes.ints("split") ?? (call.inputs[1] ? integers(call.inputs[1]) : null);
  return Array.from({ length: call.outputs }, (_, i) => {
    if (!from || axis === null) return { dtype, shape: null };
    const size = from[axis];
    const chunk = typeof size === "number" ? Math.ceil(size / call.outputs) : null;
    const equal = chunk === null || call.inputs[1] ? null : Math.min(chunk, (size as number) - chunk * i);
    return { dtype, shape: from.map((old, at) => (at === axis ? (lengths?.[i] ?? equal) : old)) };
  });
};

const expand: Rule = (call) => {
  const wanted = integers(call.inputs[1]);
  const from = call.inputs[0]?.shape;
  if (!wanted || !from) return reshaped(call, null);
  const rank = Math.max(wanted.length, from.length);
  return reshaped(
    call,
    Array.from({ length: rank }, (_, i) => {
      const a = from[i - (rank - from.length)] ?? 1;
      const b = wanted[i - (rank - wanted.length)] ?? 1;
      return b === 1 ? a : b;
    }),
  );
};

const flatten: Rule = (call) => {
  const from = call.inputs[0]?.shape;
  if (!from) return reshaped(call, [null, null]);
  const axis = call.attributes.int("axis", 1);
  const at = axis < 0 ? axis + from.length : axis;
  return reshaped(call, [remaining(from.slice(0, at), []), remaining(from.slice(at), [])]);
};

const shapeOf: Rule = (call) => {
  const from = call.inputs[0]?.shape;
  if (!from) return [{ dtype: "int64", shape: [null] }];
  const part = from.slice(call.attributes.int("start", 0), call.attributes.int("end", from.length));
  const constant = product(part) === null ? undefined : int64(part as number[]);
  return [{ dtype: "int64", shape: [part.length], constant }];
};

const tile: Rule = (call) => {
  const from = call.inputs[0]?.shape;
  const repeats = integers(call.inputs[1]);
  if (!from) return reshaped(call, null);
  return reshaped(
    call,
    from.map((size, i) => {
      const times = repeats?.[i];
      if (times === 1) return size;
      return typeof size === "number" && times !== undefined ? size * times : null;
    }),
  );
};

const pad: Rule = (call) => {
  const from = call.inputs[0]?.shape;
  const pads = call.attributes.ints("pads") ?? integers(call.inputs[1]);
  if (!from) return reshaped(call, null);
  if (!pads || call.inputs[3] || pads.length !== from.length * 2) return reshaped(call, anyShape(from.length));
  return reshaped(
    call,
    from.map((size, i) => {
      const more = pads[i]! + pads[i + from.length]!;
      return more === 0 ? size : typeof size === "number" ? size + more : null;
    }),
  );
};

export const reshaping: Record<string, Rule> = {
  Reshape: reshape,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Concat: concat,
  Transpose: transpose,
  Gather: gather,
  GatherElements: (call) => reshaped(call, call.inputs[1]?.shape ?? null),
  GatherND: (call) => reshaped(call, null),
  Slice: slice,
  Split: split,
  Expand: expand,
  Flatten: flatten,
  Shape: shapeOf,
  Size: () => [{ dtype: "int64", shape: [] }],
  Tile: tile,
  Pad: pad,
  Compress: (call) =>
    reshaped(call, call.attributes.has("axis") ? anyShape(call.inputs[0]?.shape?.length ?? 0) : [null]),
  DepthToSpace: (call) => reshaped(call, call.inputs[0]?.shape ? anyShape(call.inputs[0].shape.length) : null),
  SpaceToDepth: (call) => reshaped(call, call.inputs[0]?.shape ? anyShape(call.inputs[0].shape.length) : null),
};
