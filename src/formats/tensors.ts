// What files of named tensors have in common: how many parameters, and how many bytes of which type.
import { counted, grouped } from "../core/index.ts";
import type { ModelDescription } from "./format.ts";

export interface StoredTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: number;
}

type Sizes = NonNullable<ModelDescription["sizes"]>;

/** The part of a description that tells of weights: exact counts, and the same for people. */
export function describeTensors(
  tensors: readonly StoredTensor[],
): Pick<ModelDescription, "parameters" | "sizes" | "tensors" | "facts"> {
  const byType = new Map<string, { tensors: number; parameters: number; bytes: number }>();
  let parameters = 0;
  for (const { dtype, shape, bytes } of tensors) {
    const count = elementCount(shape);
    parameters += count;
    const sum = byType.get(dtype) ?? { tensors: 0, parameters: 0, bytes: 0 };
    byType.set(dtype, { tensors: sum.tensors + 1, parameters: sum.parameters + count, bytes: sum.bytes + bytes });
  }
  const sizes: Sizes = [...byType]
    .map(([dtype, sum]) => ({ dtype, ...sum }))
    .sort((a, b) => b.bytes - a.bytes || (a.dtype < b.dtype ? -1 : 1));
  const total = sizes.reduce((sum, size) => sum + size.bytes, 0);
  return {
    parameters,
    sizes,
    tensors: tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    facts: [
      ["parameters", grouped(parameters)],
      ["weights", `${byteText(total)} in ${counted(tensors.length, "tensor")}`],
      ...sizes.map((size): [string, string] => [
        `  ${size.dtype}`,
        `${byteText(size.bytes)}, ${counted(size.parameters, "parameter")} in ${counted(size.tensors, "tensor")}`,
      ]),
      ...tensors
        .slice(0, shownTensors)
        .map((one): [string, string] => [`  ${one.name.slice(0, 100)}`, `${one.dtype} [${one.shape.join(", ")}]`]),
      ...(tensors.length > shownTensors ? [["  …", `${tensors.length - shownTensors} more`] as const] : []),
    ],
  };
}

const shownTensors = 12;

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** As people write sizes: `1.2 GiB`, `340 bytes`. */
export function byteText(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return unit === 0 ? counted(bytes, "byte") : `${value.toFixed(1)} ${units[unit]}`;
}
