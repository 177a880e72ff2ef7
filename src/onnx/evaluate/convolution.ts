// Operators that slide a window over [N, C, ...]: convolutions and pools. Sums are kept in double and rounded once.
import { IngotError } from "../../core/index.ts";
import { elementCount, type Tensor } from "../tensor.ts";
import { allocate, given, type NodeAttributes, type Operator, stridesOf, unsupported } from "./kernel.ts";

interface Windows {
  readonly sizes: readonly number[];
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly begins: readonly number[];
  readonly ends: readonly number[];
  readonly results: readonly number[];
}

/** Rule: Conv and MaxPool in onnx/docs/Operators.md. */
function windowsOf(attributes: NodeAttributes, kernel: readonly number[], sizes: readonly number[]): Windows {
  const rank = sizes.length;
  const filled = (name: string, value: number) => attributes.ints(name) ?? new Array<number>(rank).fill(value);
  const [strides, dilations] = [filled("strides", 1), filled("dilations", 1)];
  const reach = kernel.map((size, i) => (size - 1) * dilations[i]! + 1);
  const auto = attributes.text("auto_pad", "NOTSET");
  const pads = attributes.ints("pads") ?? new Array<number>(2 * rank).fill(0);
  const isCeil = attributes.int("ceil_mode", 0) === 1;
  const counts = [kernel, strides, dilations, pads.slice(rank)].every((list) => list.length === rank);
  if (!counts || ![...strides, ...dilations, ...kernel].every((n) => n >= 1) || !pads.every((n) => n >= 0))
    throw new IngotError("INPUT_INVALID", { what: `a window of [${kernel}] does not fit [${sizes}]` });
  let [begins, ends] = [pads.slice(0, rank), pads.slice(rank)];
  if (auto === "VALID") [begins, ends] = [sizes.map(() => 0), sizes.map(() => 0)];
  else if (auto !== "NOTSET") {
    const totals = sizes.map((size, i) =>
      Math.max(0, (Math.ceil(size / strides[i]!) - 1) * strides[i]! + reach[i]! - size),
    );
    const small = totals.map((total) => Math.floor(total / 2));
    const large = totals.map((total) => Math.ceil(total / 2));
    [begins, ends] = auto === "SAME_UPPER" ? [small, large] : [large, small];
  }
  const results = sizes.map((size, i) => {
    const room = size + begins[i]! + ends[i]! - reach[i]!;
    const count = (isCeil ? Math.ceil(room / strides[i]!) : Math.floor(room / strides[i]!)) + 1;
    // A window that would begin in the border behind the value is none.
    return isCeil && (count - 1) * strides[i]! >= size + begins[i]! ? count - 1 : count;
  });
  return { sizes, kernel, strides, dilations, begins, ends, results };
}

/** Calls `see` with each element of one window: where it stands in the value (-1 outside) and in the window. */
function eachIn(windows: Windows, place: readonly number[], see: (position: number, inWindow: number) => void): void {
  const { sizes, kernel, strides, dilations, begins } = windows;
  const [own, inner] = [stridesOf(sizes), stridesOf(kernel)];
  const count = elementCount(kernel);
  for (let k = 0; k < count; k++) {
    let position = 0;
    for (let axis = 0; axis < sizes.length && position >= 0; axis++) {
      const offset = Math.floor(k / inner[axis]!) % kernel[axis]!;
      const at = place[axis]! * strides[axis]! - begins[axis]! + offset * dilations[axis]!;
      position = at < 0 || at >= sizes[axis]! ? -1 : position + at * own[axis]!;
    }
    see(position, k);
  }
}

/** Positions of all windows, laid out once: [window][element of the window]. */
function positionsOf(windows: Windows): Int32Array {
  const [count, size] = [elementCount(windows.results), elementCount(windows.kernel)];
  if (count * size > 2 ** 26)
    throw new IngotError("RUNTIME_FAILED", { what: `${count} windows of ${size} elements are too many` });
  const table = new Int32Array(count * size);
  const strides = stridesOf(windows.results);
  for (let w = 0; w < count; w++) {
    const place = windows.results.map((length, axis) => Math.floor(w / strides[axis]!) % length);
    eachIn(windows, place, (position, k) => {
      table[w * size + k] = position;
    });
  }
  return table;
}

const conv: Operator = (attributes) => {
  const groups = attributes.int("group", 1);
  return (inputs) => {
    const [x, w, bias] = [given(inputs, 0), given(inputs, 1), inputs[2]];
    const [count, channels, ...sizes] = x.dims as [number, number, ...number[]];
    const [filters, depth, ...kernel] = w.dims as [number, number, ...number[]];
    if (sizes.length !== kernel.length || depth * groups !== channels || filters % groups !== 0)
      throw new IngotError("INPUT_INVALID", { what: `shapes [${x.dims}] and [${w.dims}] cannot be convolved` });
    const windows = windowsOf(attributes, kernel, sizes);
    const dims = [count, filters, ...windows.results];
    const data = allocate(x.dtype, dims);
    const [out, values, weights] = [data, x.data, w.data] as unknown as number[][];
    const [area, places, taps] = [elementCount(sizes), elementCount(windows.results), elementCount(kernel)];
    const table = positionsOf(windows);
    const perGroup = filters / groups;
    for (let n = 0; n < count; n++)
      for (let f = 0; f < filters; f++) {
        const firstChannel = Math.floor(f / perGroup) * depth;
        const start = Number(bias?.data[f] ?? 0);
        for (let p = 0; p < places; p++) {
          let sum = start;
          for (let c = 0; c < depth; c++) {
            const [at, own] = [(n * channels + firstChannel + c) * area, (f * depth + c) * taps];
            for (let k = 0; k < taps; k++) {
              const position = table[p * taps + k]!;
              if (position >= 0) sum += values![at + position]! * weights![own + k]!;
            }
          }
          out![(n * filters + f) * places + p] = sum;
        }
      }
    return [{ dtype: x.dtype, dims, data }];
  };
};

/** One number from the elements of a window; `length` counts the border where the operator counts it. */
type Pool = (elements: ArrayLike<number>, length: number) => number;

function pool(fold: Pool, isCounting: boolean): Operator {
  return (attributes, node) => {
    const countsBorder = isCounting && attributes.int("count_include_pad", 0) === 1;
    if (node.outputs.length > 1) throw unsupported(`${node.opType} that tells where the largest are`);
    return (inputs) => {
      const x = given(inputs, 0);
      const sizes = x.dims.slice(2);
      const windows = windowsOf(attributes, attributes.ints("kernel_shape") ?? [], sizes);
      const dims = [...x.dims.slice(0, 2), ...windows.results];
      const data = allocate(x.dtype, dims);
      const [out, values] = [data, x.data] as unknown as number[][];
      const table = positionsOf(windows);
      const [area, places, taps] = [elementCount(sizes), elementCount(windows.results), elementCount(windows.kernel)];
      const found = new Float64Array(taps);
      for (let plane = 0; plane < x.dims[0]! * x.dims[1]!; plane++)
        for (let p = 0; p < places; p++) {
          let length = 0;
          for (let k = 0; k < taps; k++) {
            const position = table[p * taps + k]!;
            if (position >= 0) found[length++] = values![plane * area + position]!;
          }
          out![plane * places + p] = fold(found.subarray(0, length), countsBorder ? taps : length);
        }
      return [{ dtype: x.dtype, dims, data }];
    };
  };
}

function wholePool(fold: Pool): Operator {
  return () => (inputs) => {
    const x = given(inputs, 0);
    const dims = x.dims.map((size, axis) => (axis < 2 ? size : 1));
    const data = allocate(x.dtype, dims);
    const area = elementCount(x.dims.slice(2));
    const values = x.data as Float64Array;
    for (let i = 0; i < data.length; i++)
      (data as unknown as number[])[i] = fold(values.subarray(i * area, (i + 1) * area), area);
    return [{ dtype: x.dtype, dims, data } satisfies Tensor];
  };
}

const largest: Pool = (elements) => {
  let most = -Infinity;
  for (let i = 0; i < elements.length; i++) if (elements[i]! > most || Number.isNaN(elements[i])) most = elements[i]!;
  return most;
};

const mean: Pool = (elements, length) => {
  let sum = 0;
  for (let i = 0; i < elements.length; i++) sum += elements[i]!;
  return sum / length;
};

/** Rule of inference: (x - mean) / sqrt(variance + epsilon) * scale + bias, per channel. */
const batchNormalization: Operator = (attributes) => {
  const epsilon = attributes.float("epsilon", 1e-5);
  if (attributes.int("training_mode", 0) === 1) throw unsupported("BatchNormalization that trains");
  return (inputs) => {
    const x = given(inputs, 0);
    const [scale, bias, means, variances] = [1, 2, 3, 4].map(
      (index) => given(inputs, index).data,
    ) as unknown as number[][];
    const data = allocate(x.dtype, x.dims);
    const [out, values] = [data, x.data] as unknown as number[][];
    const [channels, area] = [x.dims[1] ?? 1, elementCount(x.dims.slice(2))];
    for (let i = 0; i < data.length; i++) {
      const c = Math.floor(i / area) % channels;
      out![i] = ((values![i]! - means![c]!) / Math.sqrt(variances![c]! + epsilon)) * scale![c]! + bias![c]!;
    }
    return [{ dtype: x.dtype, dims: x.dims, data }];
  };
};

export const convolution: Readonly<Record<string, Operator>> = {
  Conv: conv,
  MaxPool: pool(largest, false),
  AveragePool: pool(mean, true),
  GlobalAveragePool: wholePool(mean),
  GlobalMaxPool: wholePool(largest),
  BatchNormalization: batchNormalization,
};
