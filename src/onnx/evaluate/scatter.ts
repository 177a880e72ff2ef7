// ScatterElements: values written into a copy by position.
import { IngotError } from "../../core/index.ts";
import { allocate, axisOf, given, type Operator, stridesOf, unsupported, writable } from "./kernel.ts";

/** Writes updates into a copy of the value, at a position along one axis each. */
const scatterElements: Operator = (attributes) => (inputs) => {
  const [input, indices, updates] = [given(inputs, 0), given(inputs, 1), given(inputs, 2)];
  const rank = input.dims.length;
  const axis = axisOf(attributes.int("axis", 0), rank);
  const reduction = attributes.text("reduction", "none");
  if (reduction !== "none" && reduction !== "add") throw unsupported(`ScatterElements that takes the ${reduction}`);
  if (indices.dims.length !== rank || indices.dims.some((size, d) => d !== axis && size > input.dims[d]!))
    throw new IngotError("INPUT_INVALID", { what: `indices of shape [${indices.dims}] do not fit [${input.dims}]` });
  const data = allocate(input.dtype, input.dims);
  const out = writable(data) as Record<number, number>;
  for (let i = 0; i < input.data.length; i++) out[i] = input.data[i] as number;
  const [own, strides] = [stridesOf(indices.dims), stridesOf(input.dims)];
  const size = input.dims[axis]!;
  for (let i = 0; i < indices.data.length; i++) {
    let to = 0;
    let rest = i;
    for (let d = 0; d < rank; d++) {
      const coordinate = Math.floor(rest / own[d]!);
      rest -= coordinate * own[d]!;
      to += strides[d]! * (d === axis ? positionIn(Number(indices.data[i]), size) : coordinate);
    }
    const value = updates.data[i] as number;
    out[to] = reduction === "add" ? out[to]! + value : value;
  }
  return [{ dtype: input.dtype, dims: input.dims, data }];
};

function positionIn(index: number, size: number): number {
  const position = index < 0 ? index + size : index;
  if (position >= 0 && position < size) return position;
  throw new IngotError("INPUT_INVALID", { what: `ScatterElements writes to ${index} of ${size} values` });
}

export const scatter: Readonly<Record<string, Operator>> = { ScatterElements: scatterElements };
