// Operators that move elements and compute none: shapes, slices, gathers.
import { IngotError } from "../../core/index.ts";
import type { Tensor } from "../tensor.ts";
import { broadcastDims, broadcastIndex } from "./elementwise.ts";
import {
  allocate,
  axisOf,
  checkShape,
  given,
  integers,
  type Operator,
  reshaped,
  stridesOf,
  writable,
} from "./kernel.ts";

function product(dims: readonly number[]): number {
  return dims.reduce((total, size) => total * size, 1);
}

const reshape: Operator = (attributes) => {
  const allowZero = attributes.int("allowzero", 0) === 1;
  return (inputs) => {
    const input = given(inputs, 0);
    const wanted = integers(given(inputs, 1)).map((size, axis) =>
      size === 0 && !allowZero ? (input.dims[axis] ?? 0) : size,
    );
    const known = wanted.reduce((total, size) => (size === -1 ? total : total * size), 1);
    const dims = wanted.map((size) => (size === -1 ? (known === 0 ? 0 : input.data.length / known) : size));
    return [reshaped(input, dims)];
  };
};

const flatten: Operator = (attributes) => (inputs) => {
  const input = given(inputs, 0);
  const axis = attributes.int("axis", 1);
  const split = axis < 0 ? axis + input.dims.length : axis;
  return [reshaped(input, [product(input.dims.slice(0, split)), product(input.dims.slice(split))])];
};

const squeeze: Operator = (attributes) => (inputs) => {
  const input = given(inputs, 0);
  const axes = (inputs[1] ? integers(inputs[1]) : attributes.ints("axes"))?.map((axis) =>
    axisOf(axis, input.dims.length),
  );
  const dims = input.dims.filter((size, axis) => (axes ? !axes.includes(axis) : size !== 1));
  return [reshaped(input, dims)];
};

const unsqueeze: Operator = (attributes) => (inputs) => {
  const input = given(inputs, 0);
  const listed = inputs[1] ? integers(inputs[1]) : (attributes.ints("axes") ?? []);
  const rank = input.dims.length + listed.length;
  const axes = new Set(listed.map((axis) => axisOf(axis, rank)));
  const rest = [...input.dims];
  return [
    reshaped(
      input,
      Array.from({ length: rank }, (_, axis) => (axes.has(axis) ? 1 : rest.shift()!)),
    ),
  ];
};

const concat: Operator = (attributes) => (inputs) => {
  const parts = inputs.map((_, index) => given(inputs, index));
  const first = parts[0]!;
  const axis = axisOf(attributes.int("axis", 0), first.dims.length);
  const dims = first.dims.map((size, i) =>
    i === axis ? parts.reduce((sum, part) => sum + part.dims[axis]!, 0) : size,
  );
  for (const part of parts)
    if (part.dims.length !== dims.length || part.dims.some((size, i) => i !== axis && size !== dims[i]))
      throw new IngotError("INPUT_INVALID", {
        what: `shapes ${parts.map((p) => `[${p.dims}]`).join(", ")} cannot be joined`,
      });
  const data = allocate(first.dtype, dims);
  const out = writable(data);
  const outer = product(dims.slice(0, axis));
  const runs = parts.map((part) => product(part.dims.slice(axis)));
  let at = 0;
  for (let block = 0; block < outer; block++)
    for (let p = 0; p < parts.length; p++) {
      const from = parts[p]!.data;
      const run = runs[p]!;
      for (let i = 0; i < run; i++) out[at++] = from[block * run + i];
    }
  return [{ dtype: first.dtype, dims, data }];
};

/** An index of Gather & co., negative ones counted from the end. */
function position(index: number, size: number): number {
  const at = index < 0 ? index + size : index;
  if (at >= 0 && at < size) return at;
  throw new IngotError("RUNTIME_FAILED", { what: `index ${index} is outside 0 to ${size - 1}` });
}

const gather: Operator = (attributes) => (inputs) => {
  const [input, indices] = [given(inputs, 0), given(inputs, 1)];
  const axis = axisOf(attributes.int("axis", 0), input.dims.length);
  const dims = [...input.dims.slice(0, axis), ...indices.dims, ...input.dims.slice(axis + 1)];
  const data = allocate(input.dtype, dims);
  const out = writable(data);
  const [outer, size, inner] = [
    product(input.dims.slice(0, axis)),
    input.dims[axis]!,
    product(input.dims.slice(axis + 1)),
  ];
  const wanted = integers(indices).map((index) => position(index, size));
  let at = 0;
  for (let block = 0; block < outer; block++)
    for (const index of wanted) {
      const from = (block * size + index) * inner;
      for (let i = 0; i < inner; i++) out[at++] = input.data[from + i];
    }
  return [{ dtype: input.dtype, dims, data }];
};

const gatherElements: Operator = (attributes) => (inputs) => {
  const [input, indices] = [given(inputs, 0), given(inputs, 1)];
  const axis = axisOf(attributes.int("axis", 0), input.dims.length);
  const data = allocate(input.dtype, indices.dims);
  const out = writable(data);
  const [own, strides] = [stridesOf(indices.dims), stridesOf(input.dims)];
  const wanted = integers(indices);
  for (let i = 0; i < wanted.length; i++) {
    let from = 0;
    let rest = i;
    for (let d = 0; d < own.length; d++) {
      const coordinate = Math.floor(rest / own[d]!);
      rest -= coordinate * own[d]!;
      from += strides[d]! * (d === axis ? position(wanted[i]!, input.dims[axis]!) : coordinate);
    }
    out[i] = input.data[from];
  }
  return [{ dtype: input.dtype, dims: indices.dims, data }];
};

/** Elements picked by a position in the source for each coordinate, axis by axis. */
function picked(input: Tensor, axes: readonly (readonly number[])[]): Tensor {
  const dims = axes.map((coordinates) => coordinates.length);
  const data = allocate(input.dtype, dims);
  const out = writable(data);
  const strides = stridesOf(input.dims);
  let at = 0;
  const walk = (axis: number, from: number): void => {
    if (axis === axes.length) {
      out[at++] = input.data[from];
      return;
    }
    for (const coordinate of axes[axis]!) walk(axis + 1, from + coordinate * strides[axis]!);
  };
  walk(0, 0);
  return { dtype: input.dtype, dims, data };
}

function range(start: number, end: number, step: number): number[] {
  const count = Math.max(0, Math.ceil((end - start) / step));
  return Array.from({ length: count }, (_, i) => start + i * step);
}

const slice: Operator = () => (inputs) => {
  const input = given(inputs, 0);
  const [starts, ends] = [integers(given(inputs, 1)), integers(given(inputs, 2))];
  const axes = inputs[3] ? integers(inputs[3]) : starts.map((_, i) => i);
  const steps = inputs[4] ? integers(inputs[4]) : starts.map(() => 1);
  if ([ends, axes, steps].some((list) => list.length !== starts.length) || steps.includes(0))
    throw new IngotError("ONNX_INVALID", {
      what: `starts, ends, axes and steps of ${[starts, ends, axes, steps].map((list) => `[${list}]`).join(", ")} do not fit`,
    });
  const coordinates = input.dims.map((size) => range(0, size, 1));
  axes.forEach((given, i) => {
    const axis = axisOf(given, input.dims.length);
    const size = input.dims[axis]!;
    const step = steps[i]!;
    const clamp = (value: number, low: number, high: number) =>
      Math.min(Math.max(value < 0 ? value + size : value, low), high);
    coordinates[axis] =
      step > 0
        ? range(clamp(starts[i]!, 0, size), clamp(ends[i]!, 0, size), step)
        : range(clamp(starts[i]!, 0, size - 1), clamp(ends[i]!, -1, size - 1), step);
  });
  return [picked(input, coordinates)];
};

const split: Operator = (attributes, node) => (inputs) => {
  const input = given(inputs, 0);
  const axis = axisOf(attributes.int("axis", 0), input.dims.length);
  const size = input.dims[axis]!;
  const count = node.outputs.length;
  const even = Math.ceil(size / count);
  const sizes = inputs[1]
    ? integers(inputs[1])
    : (attributes.ints("split") ??
      Array.from({ length: count }, (_, i) => Math.max(0, Math.min(even, size - i * even))));
  checkShape(sizes);
  if (sizes.reduce((sum, length) => sum + length, 0) !== size)
    throw new IngotError("INPUT_INVALID", {
      what: `a value of shape [${input.dims}] cannot be split into [${sizes}] along axis ${axis}`,
    });
  let start = 0;
  return sizes.map((length) => {
    const coordinates = input.dims.map((own, d) => (d === axis ? range(start, start + length, 1) : range(0, own, 1)));
    start += length;
    return picked(input, coordinates);
  });
};

const transpose: Operator = (attributes) => (inputs) => {
  const input = given(inputs, 0);
  const order = attributes.ints("perm") ?? input.dims.map((_, axis) => input.dims.length - 1 - axis);
  if (order.length !== input.dims.length || input.dims.some((_, axis) => !order.includes(axis)))
    throw new IngotError("ONNX_INVALID", { what: `perm [${order}] does not fit a value of shape [${input.dims}]` });
  const strides = stridesOf(input.dims);
  const dims = order.map((axis) => input.dims[axis]!);
  const data = allocate(input.dtype, dims);
  const out = writable(data);
  let at = 0;
  const walk = (depth: number, from: number): void => {
    if (depth === dims.length) {
      out[at++] = input.data[from];
      return;
    }
    for (let i = 0; i < dims[depth]!; i++) walk(depth + 1, from + i * strides[order[depth]!]!);
  };
  walk(0, 0);
  return [{ dtype: input.dtype, dims, data }];
};

const expand: Operator = () => (inputs) => {
  const input = given(inputs, 0);
  const dims = broadcastDims(input.dims, integers(given(inputs, 1)));
  const data = allocate(input.dtype, dims);
  const index = broadcastIndex(input, dims);
  if (!index) return [{ ...input, dims }];
  const out = writable(data);
  for (let i = 0; i < data.length; i++) out[i] = input.data[index[i]!];
  return [{ dtype: input.dtype, dims, data }];
};

/** 1 (`values[1]`) where the index points along a new axis of size `depth`, 0 (`values[0]`) elsewhere and for indices outside. */
const oneHot: Operator = (attributes) => (inputs) => {
  const [indices, depth, values] = [given(inputs, 0), integers(given(inputs, 1))[0]!, given(inputs, 2)];
  const axis = axisOf(attributes.int("axis", -1), indices.dims.length + 1);
  const dims = indices.dims.toSpliced(axis, 0, depth);
  const data = allocate(values.dtype, dims);
  const out = writable(data);
  const inner = product(indices.dims.slice(axis));
  const wanted = integers(indices).map((index) => (index < 0 ? index + depth : index));
  for (let i = 0; i < data.length; i++) out[i] = values.data[0];
  for (let i = 0; i < wanted.length; i++) {
    const index = wanted[i]!;
    if (index >= 0 && index < depth)
      out[(Math.floor(i / inner) * depth + index) * inner + (i % inner)] = values.data[1];
  }
  return [{ dtype: values.dtype, dims, data }];
};

const shape: Operator = (attributes) => (inputs) => {
  const { dims } = given(inputs, 0);
  const wanted = dims.slice(attributes.int("start", 0), attributes.int("end", dims.length));
  return [{ dtype: "int64", dims: [wanted.length], data: BigInt64Array.from(wanted, BigInt) }];
};

const constantOfShape: Operator = (attributes) => {
  const value = attributes.tensor("value") ?? { dtype: "float32" as const, dims: [1], data: new Float32Array(1) };
  return (inputs) => {
    const dims = integers(given(inputs, 0));
    const data = allocate(value.dtype, dims);
    const out = writable(data);
    for (let i = 0; i < data.length; i++) out[i] = value.data[0];
    return [{ dtype: value.dtype, dims, data }];
  };
};

const constant: Operator = (attributes) => {
  const floats = attributes.floats("value_floats");
  const ints = attributes.ints("value_ints");
  const texts = attributes.texts("value_strings");
  const value: Tensor =
    attributes.tensor("value") ??
    (floats
      ? { dtype: "float32", dims: [floats.length], data: floats }
      : ints
        ? { dtype: "int64", dims: [ints.length], data: BigInt64Array.from(ints, BigInt) }
        : texts
          ? { dtype: "string", dims: [texts.length], data: texts }
          : attributes.has("value_int")
            ? { dtype: "int64", dims: [], data: BigInt64Array.of(BigInt(attributes.int("value_int", 0))) }
            : attributes.has("value_string")
              ? { dtype: "string", dims: [], data: [attributes.text("value_string", "")] }
              : { dtype: "float32", dims: [], data: Float32Array.of(attributes.float("value_float", 0)) });
  return () => [value];
};

export const layout: Readonly<Record<string, Operator>> = {
  Identity: () => (inputs) => [given(inputs, 0)],
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Shape: shape,
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Concat: concat,
  Gather: gather,
  GatherElements: gatherElements,
  OneHot: oneHot,
  Slice: slice,
  Split: split,
  Transpose: transpose,
  Expand: expand,
};
