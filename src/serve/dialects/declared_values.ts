// What a package declares of its inputs' values (`min`, `max`, `missing`) holds for tensors as it does for records, by the same words.
import type { InputSpec } from "../../core/index.ts";
import { fromBfloat16, fromFloat16, type Tensor } from "../../onnx/index.ts";
import { tensorRefusal } from "./oip_tensors.ts";

/** @throws IngotError INPUT_INVALID naming the input and the element */
export function checkDeclared(spec: InputSpec, { dtype, data }: Tensor): void {
  const { min = -Infinity, max = Infinity, unit } = spec;
  const refusesNaN = spec.missing !== "allow" && dtype.includes("float");
  const isBounded = min !== -Infinity || max !== Infinity;
  if (spec.unread || Array.isArray(data) || !(refusesNaN || isBounded)) return;
  const number = dtype === "float16" ? fromFloat16 : dtype === "bfloat16" ? fromBfloat16 : null;
  for (let i = 0; i < data.length; i++) {
    const value = number === null ? data[i]! : number(data[i] as number);
    // As one comparison each, which NaN fails.
    if (value >= min && value <= max) continue;
    if (Number.isNaN(value)) {
      if (refusesNaN)
        throw tensorRefusal(spec, `expected float, got NaN (element ${i})`, "this input takes no missing values");
      continue;
    }
    const bound = value < min ? `below min ${min}` : `above max ${max}`;
    throw tensorRefusal(spec, `${value} is ${bound}${unit ? ` ${unit}` : ""} (element ${i})`);
  }
}
