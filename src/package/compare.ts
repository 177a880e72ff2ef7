// How far a prediction is from what was recorded, value by value.

import type { Tolerance } from "../convert/index.ts";
import { type DType, type OutputSpec, quoted } from "../core/index.ts";

/** What was found in one output over all rows. `maxRelative` is over expected values other than zero. */
export interface Difference {
  values: number;
  unequal: number;
  maxAbsolute: number;
  maxRelative: number;
}

export interface Mismatch {
  /** `probabilities.late`, `margin[2]`. */
  readonly output: string;
  readonly expected: string;
  readonly actual: string;
}

export const exact: Tolerance = { exact: true };

/** Where neither the converter nor the project says: what rounding in another order of operations may cost. */
export function defaultTolerance(dtype: DType): Tolerance {
  if (dtype === "float64") return { exact: false, absolute: 1e-12, relative: 1e-9 };
  if (dtype === "float32") return { exact: false, absolute: 1e-6, relative: 1e-5 };
  if (isFloat(dtype)) return { exact: false, absolute: 1e-3, relative: 1e-2 };
  return exact;
}

export function isFloat(dtype: DType): boolean {
  return /^b?float/.test(dtype);
}

export function noDifference(): Difference {
  return { values: 0, unequal: 0, maxAbsolute: 0, maxRelative: 0 };
}

/**
 * Compares one output of one row, adds to `seen`, and reports the first value beyond the tolerance. Expected floats are
 * rounded to the output's dtype first: JSON holds doubles.
 */
export function compareOutput(
  spec: OutputSpec,
  expected: unknown,
  actual: unknown,
  tolerance: Tolerance,
  seen: Difference,
): Mismatch | null {
  return compareAt(spec, spec.name, byClass(spec, expected), byClass(spec, actual), tolerance, seen);
}

function compareAt(
  spec: OutputSpec,
  path: string,
  expected: unknown,
  actual: unknown,
  tolerance: Tolerance,
  seen: Difference,
): Mismatch | null {
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    let first: Mismatch | null = null;
    for (const [index, item] of expected.entries()) {
      const step = spec.classes?.length === expected.length ? `.${spec.classes[index]}` : `[${index}]`;
      const found = compareAt(spec, path + step, item, actual[index], tolerance, seen);
      first ??= found;
    }
    return first;
  }
  seen.values++;
  if (expected === null && actual === null) return null;
  if (isFloat(spec.dtype)) {
    const [wanted, got] = [asFloat(expected, spec.dtype), asFloat(actual, spec.dtype)];
    if (wanted !== null && got !== null) {
      if (Object.is(wanted, got) || wanted === got) return null;
      seen.unequal++;
      const off = Math.abs(wanted - got);
      if (!(off <= seen.maxAbsolute)) seen.maxAbsolute = off;
      if (wanted !== 0 && !(off / Math.abs(wanted) <= seen.maxRelative)) seen.maxRelative = off / Math.abs(wanted);
      if (!tolerance.exact && off <= tolerance.absolute + tolerance.relative * Math.abs(wanted)) return null;
      return { output: path, expected: String(wanted), actual: String(got) };
    }
  } else if (isLeaf(expected) && isLeaf(actual) && sameKind(expected, actual) && String(expected) === String(actual))
    return null;
  seen.unequal++;
  return { output: path, expected: shown(expected), actual: shown(actual) };
}

/** `{class: value}` as the list of values in the order of the classes; anything else as it is. */
function byClass(spec: OutputSpec, value: unknown): unknown {
  if (spec.classes === undefined || typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const record = value as Record<string, unknown>;
  if (Object.keys(record).length !== spec.classes.length || !spec.classes.every((name) => Object.hasOwn(record, name)))
    return value;
  return spec.classes.map((name) => record[name]);
}

function asFloat(value: unknown, dtype: DType): number | null {
  const number =
    typeof value === "number"
      ? value
      : value === null || value === "NaN"
        ? Number.NaN
        : value === "Infinity"
          ? Number.POSITIVE_INFINITY
          : value === "-Infinity"
            ? Number.NEGATIVE_INFINITY
            : typeof value === "bigint"
              ? Number(value)
              : null;
  return number !== null && dtype === "float32" ? Math.fround(number) : number;
}

function isLeaf(value: unknown): value is string | number | bigint | boolean {
  return ["string", "number", "bigint", "boolean"].includes(typeof value);
}

/** 2 and 2n are the same integer; "2" is not. */
function sameKind(a: unknown, b: unknown): boolean {
  const kind = (value: unknown) => (typeof value === "bigint" ? "number" : typeof value);
  return kind(a) === kind(b);
}

function shown(value: unknown): string {
  if (typeof value !== "object") return quoted(value, 120);
  return JSON.stringify(value, (_key, item) => (typeof item === "bigint" ? String(item) : item)).slice(0, 120);
}
