// ScatterND: values or whole parts written into a copy by position.
import { IngotError } from "../../core/index.ts";
import { elementCount } from "../tensor.ts";
import { allocate, given, type Operator, stridesOf, unsupported, writable } from "./kernel.ts";

const scatterND: Operator = (attributes) => {
  const reduction = attributes.text("reduction", "none");
  if (reduction !== "none") throw unsupported(`ScatterND that takes the ${reduction}`);
  return (inputs) => {
    const [input, indices, updates] = [given(inputs, 0), given(inputs, 1), given(inputs, 2)];
    const depth = indices.dims.at(-1) ?? 0;
    const size = elementCount(input.dims.slice(depth));
    const picks = elementCount(indices.dims.slice(0, -1));
    if (depth > input.dims.length || updates.data.length !== picks * size)
      throw new IngotError("INPUT_INVALID", {
        what: `shapes [${input.dims}], [${indices.dims}] and [${updates.dims}] do not fit ScatterND`,
      });
    const data = allocate(input.dtype, input.dims);
    const out = writable(data);
    for (let i = 0; i < data.length; i++) out[i] = input.data[i];
    const strides = stridesOf(input.dims);
    for (let pick = 0; pick < picks; pick++) {
      let position = 0;
      for (let axis = 0; axis < depth; axis++) {
        const asked = Number(indices.data[pick * depth + axis]);
        const length = input.dims[axis]!;
        const at = asked < 0 ? asked + length : asked;
        if (!(at >= 0 && at < length))
          throw new IngotError("INPUT_INVALID", { what: `ScatterND writes to ${asked} of ${length} values` });
        position += at * strides[axis]!;
      }
      for (let i = 0; i < size; i++) out[position + i] = updates.data[pick * size + i];
    }
    return [{ dtype: input.dtype, dims: input.dims, data }];
  };
};

export const scatterByPosition: Readonly<Record<string, Operator>> = { ScatterND: scatterND };
