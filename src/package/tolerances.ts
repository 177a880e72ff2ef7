// What each output may differ by: the project's word, else the converter's promise, else what rounding may cost.
import type { Tolerance } from "../convert/index.ts";
import type { Schema } from "../core/index.ts";
import { defaultTolerance, exact, isFloat } from "./compare.ts";

export function tolerancesOf(
  schema: Schema,
  promises: Readonly<Record<string, Tolerance>>,
  override?: { readonly absolute: number; readonly relative: number },
): Record<string, Tolerance> {
  return Object.fromEntries(
    schema.outputs.map(({ name, dtype }) => {
      if (!isFloat(dtype)) return [name, exact];
      if (override !== undefined) return [name, { exact: false, ...override }];
      return [name, Object.hasOwn(promises, name) ? promises[name]! : defaultTolerance(dtype)];
    }),
  );
}

export function toleranceText(tolerance: Tolerance): string {
  if (tolerance.exact) return "must be equal";
  const parts = [
    tolerance.absolute > 0 ? `${short(tolerance.absolute)}` : "",
    tolerance.relative > 0 ? `${short(tolerance.relative)} of the value` : "",
  ];
  return `may differ by ${parts.filter((part) => part !== "").join(" + ") || "0"}`;
}

const short = (limit: number): number => Number(limit.toPrecision(3));
