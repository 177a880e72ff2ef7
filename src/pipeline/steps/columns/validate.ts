// What values may be, checked in the graph: bounds and sets. Rule: pandas.Series.between, pandas.Series.isin.
import { z } from "zod";
import { float64, strings, type Tensor, type Value } from "../../../onnx/index.ts";
import { type Emission, missingText, type Problem } from "../../emission.ts";
import type { Column } from "../../step.ts";
import { step } from "../../step.ts";
import { checkCategories, emitIsMissing, emitPosition, positionsOf } from "../categories/lookup.ts";
import { asFloat64, numberConstant } from "../numbers/columnwise.ts";

export const validate = step({
  name: "validate",
  about: "Bounds and sets that values must keep: refuse the record, move the value to the bound, or make it missing",
  family: "columns",
  options: z.strictObject({
    columns: z.array(z.string()).min(1).describe("Columns of numbers or texts"),
    min: z.number().optional().describe("Least number"),
    max: z.number().optional().describe("Largest number"),
    allowed: z
      .array(z.union([z.string(), z.number()]))
      .min(1)
      .optional()
      .describe("The values that there are"),
    policy: z
      .enum(["reject", "clip", "null"])
      .default("reject")
      .describe("reject: the record is refused, the others are answered; clip: to the nearest bound; null: missing"),
    missing: z.enum(["allow", "reject"]).default("allow").describe("Whether a value may be missing"),
  }),
  example: "validate: { columns: [age], min: 0, max: 120, policy: reject }",
  reference: "pandas.Series.between",
  plan({ columns: names, min, max, allowed, policy, missing }, frame) {
    const columns = frame.select(names);
    if (min === undefined && max === undefined && !allowed && missing === "allow")
      throw frame.refuse("checks nothing", { fix: "give `min`, `max`, `allowed` or `missing: reject`" });
    if (min !== undefined && max !== undefined && min > max)
      throw frame.refuse(`\`min\` ${min} is above \`max\` ${max}`, { option: "min" });
    if (policy === "clip" && allowed)
      throw frame.refuse("a set has no nearest bound", { option: "policy", fix: "use `reject` or `null`" });
    for (const column of columns) {
      const { name, dtype, shape } = column;
      if (shape.length > 0 || dtype === "bool")
        throw frame.refuse(`column \`${name}\` is not a single number or text`, { option: "columns" });
      if (dtype === "string" && (min !== undefined || max !== undefined))
        throw frame.refuse(`column \`${name}\` is text, which has no bounds`, {
          option: min === undefined ? "max" : "min",
        });
      if (allowed) checkCategories(frame, column, allowed, ["allowed"]);
    }
    const rule: Rule = { min, max, allowed };
    const canMiss = policy === "null";
    return {
      reads: columns.map(({ name }) => name),
      writes: columns.map((column) => ({
        ...column,
        dtype: column.dtype === "string" ? ("string" as const) : ("float64" as const),
        missing: (column.missing && missing === "allow") || canMiss,
        ...(allowed ? { categories: allowed as string[] | number[] } : {}),
      })),
      emit: (values, emission) =>
        values.map((value, at) => {
          const { g, reject } = emission;
          const column = columns[at]!;
          const plain = value.dtype === "string" ? value : asFloat64(g, value);
          if (missing === "reject" && column.missing) reject(emitIsMissing(g, plain), isMissing(column));
          const broken = emitBroken(plain, rule, emission);
          if (policy === "reject") {
            for (const [mask, what] of broken) reject(mask, { column: column.name, what });
            return g.op("Identity", [plain]);
          }
          if (policy === "clip") return emitClipped(plain, rule, emission);
          const nothing = plain.dtype === "string" ? strings([missingText], []) : float64([Number.NaN], []);
          return broken.reduce(
            (kept, [mask]) => g.op("Where", [mask, g.constant(nothing), kept]),
            g.op("Identity", [plain]),
          );
        }),
      evaluate: (tensors, _rows, { reject }) =>
        tensors.map((tensor, at): Tensor => {
          const column = columns[at]!;
          const known = allowed ? positionsOf(tensor, allowed) : null;
          const values = Array.from(tensor.data as ArrayLike<unknown>, (given, row) => {
            const value = typeof given === "string" ? given : Number(given);
            if (value === missingText || Number.isNaN(value)) {
              if (missing === "reject" && column.missing) reject(row, isMissing(column));
              return value;
            }
            const problems = problemsOf(value, known?.[row], rule);
            if (policy === "reject") for (const what of problems) reject(row, { column: column.name, what });
            if (problems.length === 0 || policy === "reject") return value;
            if (policy === "clip") return (value as number) < (min ?? -Infinity) ? min! : max!;
            return typeof value === "string" ? missingText : Number.NaN;
          });
          return tensor.dtype === "string" ? strings(values as string[]) : float64(values as number[]);
        }),
    };
  },
});

interface Rule {
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly allowed: readonly (string | number)[] | undefined;
}

function isMissing({ name }: Column): Problem {
  return { column: name, what: "is missing", fix: "send a value" };
}

/** Masks of what breaks the rule, missing values aside. */
function emitBroken(value: Value, { min, max, allowed }: Rule, { g }: Emission): [mask: Value, what: string][] {
  const masks: [Value, string][] = [];
  if (min !== undefined) masks.push([g.op("Less", [value, numberConstant(g, min)]), `is below ${min}`]);
  if (max !== undefined) masks.push([g.op("Greater", [value, numberConstant(g, max)]), `is above ${max}`]);
  if (allowed) {
    const list = [...allowed, null];
    const isForeign = g.op("GreaterOrEqual", [
      emitPosition(g, value, list),
      g.op("Cast", [numberConstant(g, list.length)], { to: 7 }),
    ]);
    masks.push([isForeign, foreign(allowed)]);
  }
  return masks;
}

function problemsOf(value: string | number, position: number | undefined, { min, max, allowed }: Rule): string[] {
  const problems: string[] = [];
  if (min !== undefined && (value as number) < min) problems.push(`is below ${min}`);
  if (max !== undefined && (value as number) > max) problems.push(`is above ${max}`);
  if (allowed && position === allowed.length) problems.push(foreign(allowed));
  return problems;
}

function foreign(allowed: readonly (string | number)[]): string {
  const shown = allowed.slice(0, 8).map((value) => JSON.stringify(value));
  return `is none of ${shown.join(", ")}${allowed.length > 8 ? ` and ${allowed.length - 8} more` : ""}`;
}

function emitClipped(value: Value, { min, max }: Rule, { g }: Emission): Value {
  const above = min === undefined ? value : g.op("Max", [value, numberConstant(g, min)]);
  return max === undefined ? above : g.op("Min", [above, numberConstant(g, max)]);
}
