// Operators that repeat or pick whole parts of a value.
import { IngotError } from "../../core/index.ts";
import { elementCount } from "../tensor.ts";
import { allocate, given, integers, type Operator, stridesOf, writable } from "./kernel.ts";

/** Repeats the value along every axis. */
const tile: Operator = () => (inputs) => {
  const input = given(inputs, 0);
  const repeats = integers(given(inputs, 1));
  if (repeats.length !== input.dims.length)
    throw new IngotError("INPUT_INVALID", {
      what: `Tile has ${repeats.length} repeats for ${input.dims.length} dimensions`,
    });
  const dims = input.dims.map((size, axis) => size * repeats[axis]!);
  const data = allocate(input.dtype, dims);
  const out = writable(data);
  const [from, to] = [stridesOf(input.dims), stridesOf(dims)];
  for (let i = 0; i < data.length; i++) {
    let position = 0;
    for (let axis = 0; axis < dims.length; axis++)
      position += ((Math.floor(i / to[axis]!) % dims[axis]!) % input.dims[axis]!) * from[axis]!;
    out[i] = input.data[position];
  }
  return [{ dtype: input.dtype, dims, data }];
};

/** The last axis of the indices counts into the first axes of the value, after those that both share. */
const gatherND: Operator = (attributes) => {
  const batch = attributes.int("batch_dims", 0);
  return (inputs) => {
    const [input, indices] = [given(inputs, 0), given(inputs, 1)];
    const depth = indices.dims.at(-1) ?? 0;
    const isShared = input.dims.slice(0, batch).every((size, axis) => size === indices.dims[axis]);
    if (batch < 0 || batch >= indices.dims.length || batch + depth > input.dims.length || !isShared)
      throw new IngotError("INPUT_INVALID", {
        what: `shapes [${input.dims}] and [${indices.dims}] do not fit GatherND`,
      });
    const inner = input.dims.slice(batch + depth);
    const dims = [...indices.dims.slice(0, -1), ...inner];
    const data = allocate(input.dtype, dims);
    const out = writable(data);
    const size = elementCount(inner);
    const strides = stridesOf(input.dims);
    const picks = elementCount(indices.dims.slice(0, -1));
    const picksPerBatch = elementCount(indices.dims.slice(batch, -1));
    const batchSize = elementCount(input.dims.slice(batch));
    for (let pick = 0; data.length > 0 && pick < picks; pick++) {
      let position = Math.floor(pick / picksPerBatch) * batchSize;
      for (let axis = 0; axis < depth; axis++) {
        const asked = Number(indices.data[pick * depth + axis]);
        const length = input.dims[batch + axis]!;
        const at = asked < 0 ? asked + length : asked;
        if (!(at >= 0 && at < length))
          throw new IngotError("INPUT_INVALID", { what: `GatherND asks for ${asked} of ${length} values` });
        position += at * strides[batch + axis]!;
      }
      for (let i = 0; i < size; i++) out[pick * size + i] = input.data[position + i];
    }
    return [{ dtype: input.dtype, dims, data }];
  };
};

export const gatherTile: Readonly<Record<string, Operator>> = { Tile: tile, GatherND: gatherND };
