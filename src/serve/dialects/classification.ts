// The classification extension: instead of an output, its largest values as texts `value:index` or `value:index:label`.
// Rule: triton-inference-server/server, docs/protocol/extension_classification.md: BYTES of shape [N, k], best first.
import { IngotError, type Schema } from "../../core/index.ts";
import { fromBfloat16, fromFloat16, strings, type Tensor } from "../../onnx/index.ts";
import { shortestFloat32 } from "../../runtime/index.ts";

/**
 * @param asked how many of a row's values; a row has all its values at most
 * @throws IngotError INPUT_INVALID for outputs that have no order
 */
export function classified(tensor: Tensor, asked: number, name: string, schema: Schema): Tensor {
  const { dtype, dims, data } = tensor;
  const spec = schema.outputs.find((output) => output.name === name)!;
  if (Array.isArray(data) || dtype === "bool")
    throw new IngotError("INPUT_INVALID", {
      what: `has ${dtype} values, which have no largest`,
      where: `outputs.${name}.parameters.classification`,
      fix: "ask for the output itself",
    });
  const rows = spec.layout === "whole" ? 1 : (dims[0] ?? 1);
  const width = rows === 0 ? 0 : data.length / rows;
  const count = Math.min(asked, width);
  const value = elementsOf(tensor);
  const labels = spec.classes?.length === width ? spec.classes : null;
  const texts: string[] = [];
  for (let row = 0; row < rows; row++) {
    const order = Array.from({ length: width }, (_, i) => i).sort((a, b) => {
      const [x, y] = [value(row * width + a), value(row * width + b)];
      // NaN is no class at all: last. Equal values stay in their order.
      if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
      return x < y ? 1 : x > y ? -1 : 0;
    });
    for (const index of order.slice(0, count))
      texts.push(`${value(row * width + index)}:${index}${labels ? `:${labels[index]}` : ""}`);
  }
  return strings(texts, spec.layout === "whole" ? [count] : [rows, count]);
}

function elementsOf({ dtype, data }: Tensor): (index: number) => number | bigint {
  const numbers = data as ArrayLike<number>;
  if (dtype === "float16") return (index) => fromFloat16(numbers[index]!);
  if (dtype === "bfloat16") return (index) => fromBfloat16(numbers[index]!);
  if (dtype === "float32") return (index) => shortestFloat32(numbers[index]!);
  return (index) => (data as ArrayLike<number | bigint>)[index]!;
}
