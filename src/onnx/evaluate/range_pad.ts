// Operators that count up or put a border around a value.
import { IngotError } from "../../core/index.ts";
import type { Tensor } from "../tensor.ts";
import {
  allocate,
  axisOf,
  given,
  integers,
  isLong,
  type Operator,
  stridesOf,
  unsupported,
  writable,
} from "./kernel.ts";

/** Largest number of elements that one Range makes. */
const longestRange = 2 ** 26;

const range: Operator = () => (inputs) => {
  const [start, limit, delta] = [0, 1, 2].map((index) => given(inputs, index)) as [Tensor, Tensor, Tensor];
  const [from, to, step] = [start, limit, delta].map(({ data }) => Number(data[0])) as [number, number, number];
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (!(step !== 0 && count <= longestRange))
    throw new IngotError("INPUT_INVALID", { what: `Range from ${from} to ${to} by ${step} has ${count} elements` });
  const data = allocate(start.dtype, [count]);
  const out = writable(data);
  for (let i = 0; i < count; i++) out[i] = isLong(start.dtype) ? BigInt(from + i * step) : from + i * step;
  return [{ dtype: start.dtype, dims: [count], data }];
};

/** Where element `at` of a padded axis comes from; -1 is the border. */
type Source = (at: number, size: number) => number;

const sources: Readonly<Record<string, Source>> = {
  constant: (at, size) => (at >= 0 && at < size ? at : -1),
  edge: (at, size) => Math.min(Math.max(at, 0), size - 1),
  reflect: (at, size) => {
    if (size === 1) return 0;
    const period = 2 * (size - 1);
    const folded = ((at % period) + period) % period;
    return folded < size ? folded : period - folded;
  },
};

const pad: Operator = (attributes) => {
  const mode = attributes.text("mode", "constant");
  const source = Object.hasOwn(sources, mode) ? sources[mode]! : null;
  if (!source) throw unsupported(`Pad in the mode ${mode}`);
  return (inputs) => {
    const input = given(inputs, 0);
    const rank = input.dims.length;
    const pads = integers(given(inputs, 1));
    const axes = inputs[3] ? integers(inputs[3]).map((axis) => axisOf(axis, rank)) : input.dims.map((_, axis) => axis);
    if (pads.length !== 2 * axes.length)
      throw new IngotError("INPUT_INVALID", { what: `Pad has ${pads.length} borders for ${axes.length} axes` });
    const before = input.dims.map((_, axis) => (axes.includes(axis) ? pads[axes.indexOf(axis)]! : 0));
    const after = input.dims.map((_, axis) => (axes.includes(axis) ? pads[axes.length + axes.indexOf(axis)]! : 0));
    const dims = input.dims.map((size, axis) => size + before[axis]! + after[axis]!);
    const data = allocate(input.dtype, dims);
    if (data.length > 0 && mode !== "constant" && input.data.length === 0)
      throw new IngotError("INPUT_INVALID", { what: `Pad has nothing to repeat in a value of shape [${input.dims}]` });
    const fallback = isLong(input.dtype) ? 0n : input.dtype === "string" ? "" : 0;
    const border = inputs[2]?.data[0] ?? fallback;
    const from = stridesOf(input.dims);
    // Per axis, once: where each element of the result comes from, in elements of the input.
    const tables = dims.map((size, axis) =>
      Array.from({ length: size }, (_, i) => {
        const at = source(i - before[axis]!, input.dims[axis]!);
        return at < 0 ? -1 : at * from[axis]!;
      }),
    );
    const out = writable(data);
    const place = new Array<number>(rank).fill(0);
    for (let i = 0; i < data.length; i++) {
      let position = 0;
      for (let axis = 0; axis < rank && position >= 0; axis++) {
        const offset = tables[axis]![place[axis]!]!;
        position = offset < 0 ? -1 : position + offset;
      }
      out[i] = position < 0 ? border : input.data[position];
      for (let axis = rank - 1; axis >= 0; axis--) {
        place[axis]! += 1;
        if (place[axis]! < dims[axis]!) break;
        place[axis] = 0;
      }
    }
    return [{ dtype: input.dtype, dims, data }];
  };
};

export const rangePad: Readonly<Record<string, Operator>> = { Range: range, Pad: pad };
