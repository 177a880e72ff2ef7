// New columns from expressions: a small typed language, compiled to the graph. Its rules are told in src/pipeline/expression/functions.ts.
import { z } from "zod";
import { bool, float64, strings, type Tensor, type Value } from "../../../onnx/index.ts";
import type { Emission } from "../../emission.ts";
import { type CompiledExpression, compileExpression } from "../../expression/compile.ts";
import type { Scalar } from "../../expression/functions.ts";
import { emitSideBySide, sharesForms } from "../../expression/side_by_side.ts";
import { ExpressionProblem } from "../../expression/tokens.ts";
import type { Column, Frame } from "../../step.ts";
import { step } from "../../step.ts";
import { asFloat64 } from "../numbers/columnwise.ts";

const mostExpressions = 1000;

export const compute = step({
  name: "compute",
  about: "Columns from expressions: arithmetic, comparisons, conditions, missing values, texts",
  family: "columns",
  options: z
    .record(z.string(), z.union([z.string().min(1), z.number(), z.boolean()]))
    .describe("Name of the result: expression"),
  example: "compute: { ratio: income / (debts + 1), is_old: age > 65, city: city ?? 'none' }",
  reference: "pandas.DataFrame.eval",
  plan(expressions, frame) {
    const entries = Object.entries(expressions);
    if (entries.length === 0 || entries.length > mostExpressions)
      throw frame.refuse(`has ${entries.length} expressions, between 1 and ${mostExpressions} make sense`);
    // Later expressions see what earlier ones made.
    const made = new Map<string, Part>();
    const reads = new Set<string>();
    const parts = entries.map(([name, source]): Part => {
      const compiled = compiledAt(frame, name, String(source), made);
      for (const column of compiled.columns) if (!made.has(column)) reads.add(column);
      const part = { name, compiled };
      made.set(name, part);
      return part;
    });
    const order = [...reads];
    const first = order[0] ?? frame.columns.find(({ isBytes }) => !isBytes)?.name;
    if (first === undefined) throw frame.refuse("there is no column, so nothing says how many records there are");
    if (order.length === 0) order.push(first);
    const writes = [...made.values()].map(({ name, compiled }): Column => {
      const dtype = compiled.type === "number" ? "float64" : compiled.type === "text" ? "string" : "bool";
      return { name, dtype, shape: [], missing: compiled.missing };
    });
    const isNumber = (name: string) => !["string", "bool"].includes(frame.column(name).dtype);
    const isNumeric = writes.every(({ dtype }) => dtype === "float64") && order.every(isNumber);
    return {
      reads: order,
      writes,
      ...(isNumeric && sharesForms(parts, order)
        ? { packed: (matrix: Value, { g }: Emission) => emitSideBySide(g, asFloat64(g, matrix), order, parts) }
        : {}),
      ...(parts.some(({ compiled }) => compiled.inexact) ? { inexact: true } : {}),
      emit(values, { g }) {
        const known = new Map(order.map((name, at) => [name, plain(values[at]!)] as const));
        function plain(value: Value): Value {
          return value.dtype === "string" || value.dtype === "bool" ? value : asFloat64(g, value);
        }
        const results = new Map<string, Value>();
        for (const { name, compiled } of parts) {
          const args = compiled.columns.map((column) => known.get(column)!);
          const result = compiled.emit(g, args);
          // What reads no column is one value for all records.
          const value =
            result.shape?.length === 0 ? g.op("Expand", [result, g.op("Shape", [values[0]!], { end: 1 })]) : result;
          const own = args.includes(value) ? g.op("Identity", [value]) : value;
          known.set(name, own);
          results.set(name, own);
        }
        return [...results.values()];
      },
      evaluate(tensors, rows) {
        const known = new Map<string, readonly Scalar[]>(order.map((name, at) => [name, scalarsOf(tensors[at]!)]));
        const results = new Map<string, Scalar[]>();
        for (const { name, compiled } of parts) {
          const args = compiled.columns.map((column) => known.get(column)!);
          const own = Array.from({ length: rows }, (_, row) => compiled.evaluate(args.map((values) => values[row]!)));
          known.set(name, own);
          results.set(name, own);
        }
        return [...results].map(([name, values]) => tensorFrom(made.get(name)!.compiled.type, values));
      },
    };
  },
});

interface Part {
  readonly name: string;
  readonly compiled: CompiledExpression;
}

/** @throws PIPELINE_INVALID at the character of ingot.yaml */
function compiledAt(frame: Frame, name: string, source: string, made: ReadonlyMap<string, Part>): CompiledExpression {
  const names = () => [...frame.columns.map((column) => column.name), ...made.keys()];
  const columns = new Map(frame.columns.map((column) => [column.name, column]));
  try {
    return compileExpression(
      source,
      (wanted) => {
        const own = made.get(wanted)?.compiled;
        if (own) return { type: own.type, missing: own.missing };
        const column = columns.get(wanted);
        if (!column || column.shape.length > 0 || column.isBytes) return null;
        const type = column.dtype === "string" ? "text" : column.dtype === "bool" ? "truth" : "number";
        return { type, missing: column.missing };
      },
      names,
    );
  } catch (error) {
    if (!(error instanceof ExpressionProblem)) throw error;
    const { message, at, fix } = error;
    throw frame.refuse(`\`${name}\`: ${message}`, {
      option: [name],
      offset: at,
      ...(fix === undefined ? {} : { fix }),
    });
  }
}

function scalarsOf({ dtype, data }: Tensor): Scalar[] {
  return Array.from(data as ArrayLike<number | bigint | string>, (value) =>
    typeof value === "string" ? value : dtype === "bool" ? value !== 0 : Number(value),
  );
}

function tensorFrom(type: CompiledExpression["type"], values: readonly Scalar[]): Tensor {
  if (type === "number") return float64(values as number[]);
  return type === "text" ? strings(values as string[]) : bool(values as boolean[]);
}
