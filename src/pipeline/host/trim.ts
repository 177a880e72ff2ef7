// trim on the host: of lists that every record has at one length, the part that counts.
import { z } from "zod";
import type { Tensor } from "../../onnx/index.ts";
import type { HostKind } from "../host.ts";
import { hostSettings } from "./settings.ts";

export const trimSettings = z.strictObject({ lists: z.int().min(1) });

export const trimKind: HostKind = {
  kind: "trim",
  async open(given) {
    const { lists } = hostSettings(trimSettings, given, "trim");
    return {
      run: (columns, rows) =>
        Array.from({ length: rows }, (_, row) => {
          const count = Number(columns[lists]![row]);
          return columns.slice(0, lists).map((column) => firstOf(column[row] as Tensor, count));
        }),
    };
  },
};

/** The first elements of the first axis, as nested lists. */
function firstOf({ dtype, dims, data }: Tensor, count: number): unknown[] {
  const value = (at: number): unknown => {
    const element = data[at]!;
    if (dtype === "float32") return shortest(element as number);
    if (dtype === "bool") return element !== 0;
    return typeof element === "bigint" ? Number(element) : element;
  };
  const level = (depth: number, from: number, length: number): unknown[] => {
    const size = dims.slice(depth + 1).reduce((all, dim) => all * dim, 1);
    return Array.from({ length }, (_, i) =>
      depth === dims.length - 1 ? value(from + i) : level(depth + 1, from + i * size, dims[depth + 1]!),
    );
  };
  return level(0, 0, Math.min(count, dims[0]!));
}

/** The shortest decimal that is this float32. */
function shortest(value: number): number {
  if (!Number.isFinite(value)) return value;
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}
