// What steps on numbers share that treat each column by itself: one formula, one set of parameters per column. It is written once for a
// column `[N]` and for many of them side by side `[N, k]`; parameters broadcast against either.
import { z } from "zod";
import { float64, type GraphBuilder, type Tensor, type Value } from "../../../onnx/index.ts";
import type { Emission } from "../../emission.ts";
import type { Column, Frame, StepPlan } from "../../step.ts";

/** A parameter as a value of the graph: a number per column. */
export type PerColumn = (values: readonly number[]) => Value;

export interface Columnwise {
  readonly columns: readonly Column[];
  /** Whether a result may be missing; default: where the column was. */
  readonly missing?: (column: Column, at: number) => boolean;
  readonly inexact?: boolean;
  /** @param x float64 */
  emit(x: Value, per: PerColumn, emission: Emission): Value;
  /** @param at which column, or which place in a single column of shape `[k]` */
  evaluate(value: number, at: number): number;
}

/** `columns:` of a step on numbers. */
export const numberColumns = z
  .array(z.string())
  .min(1)
  .describe("Columns of numbers; `*` at the end of a name matches");

/** A number for all columns, a list in their order, or a map by name. */
export const perColumnOption = z.union([z.number(), z.array(z.number()).min(1), z.record(z.string(), z.number())]);
export type PerColumnOption = z.infer<typeof perColumnOption>;

/** @throws PIPELINE_INVALID for texts and truth values */
export function selectNumbers(frame: Frame, names: readonly string[]): readonly Column[] {
  const columns = frame.select(names);
  const wrong = columns.find(({ dtype }) => dtype === "string" || dtype === "bool");
  if (wrong)
    throw frame.refuse(`column \`${wrong.name}\` is ${wrong.dtype}, not a number`, {
      option: "columns",
      fix: "`cast` it, or encode it (`one_hot`, `ordinal`)",
    });
  return columns;
}

/** How many parameters columns take: one each, or one for each place of a single column of shape `[k]`. */
export function placesOf(columns: readonly Column[]): number {
  const [only] = columns;
  const size = only?.shape.length === 1 ? only.shape[0] : null;
  return columns.length === 1 && typeof size === "number" ? size : columns.length;
}

/** The option's numbers, one for each place. */
export function perColumn(
  frame: Frame,
  columns: readonly Column[],
  value: PerColumnOption,
  option: string,
  check: (value: number) => string | null = () => null,
): number[] {
  const places = placesOf(columns);
  let values: number[];
  if (typeof value === "number") values = new Array<number>(places).fill(value);
  else if (Array.isArray(value)) {
    if (value.length !== places)
      throw frame.refuse(`\`${option}\` has ${value.length} numbers for ${places} columns`, { option });
    values = value;
  } else {
    for (const name of Object.keys(value))
      if (!columns.some((column) => column.name === name))
        throw frame.refuse(`\`${option}\` names \`${name}\`, which is not among the columns`, {
          option: [option, name],
        });
    values = columns.map(({ name }) => {
      if (Object.hasOwn(value, name)) return value[name]!;
      throw frame.refuse(`\`${option}\` has no number for \`${name}\``, { option });
    });
  }
  values.forEach((number, at) => {
    const problem = check(number);
    if (problem)
      throw frame.refuse(`\`${option}\` ${problem}, got ${number}`, {
        option: Array.isArray(value) ? [option, at] : option,
      });
  });
  return values;
}

/** A step that writes each column in place, as float64. */
export function columnwise(work: Columnwise): StepPlan {
  const { columns } = work;
  const isMatrix = placesOf(columns) !== columns.length || columns[0]!.shape.length > 0;
  const missing = work.missing ?? ((column: Column) => column.missing);
  return {
    reads: columns.map(({ name }) => name),
    writes: columns.map((column, at) => ({ ...asNumbers(column), dtype: "float64", missing: missing(column, at) })),
    ...(work.inexact ? { inexact: true } : {}),
    emit: (values, emission) =>
      values.map((value, at) => {
        const per: PerColumn = (list) => row(emission.g, isMatrix && columns.length === 1 ? list : [list[at]!]);
        return work.emit(asFloat64(emission.g, value), per, emission);
      }),
    packed: (matrix, emission) => work.emit(asFloat64(emission.g, matrix), (list) => row(emission.g, list), emission),
    evaluate: (tensors) =>
      tensors.map(({ dims, data }, column): Tensor => {
        const width = isMatrix && columns.length === 1 ? (dims.at(-1) ?? 1) : 1;
        const out = new Float64Array(data.length);
        for (let i = 0; i < out.length; i++)
          out[i] = work.evaluate(Number(data[i]), width > 1 || isMatrix ? i % Math.max(width, 1) : column);
        return float64(out, dims);
      }),
  };
}

/** Without what is only said of other columns. */
function asNumbers(column: Column): Column {
  if (column.categories === undefined && column.type === undefined) return column;
  const { categories: _categories, type: _type, ...rest } = column;
  return rest;
}

export function asFloat64(g: GraphBuilder, value: Value): Value {
  return value.dtype === "float64" ? value : g.op("Cast", [value], { to: 11 });
}

function row(g: GraphBuilder, values: readonly number[]): Value {
  const isOne = values.every((value) => Object.is(value, values[0]));
  return g.constant(isOne ? float64([values[0]!], []) : float64(values));
}

/** A number as a constant of the graph. */
export function numberConstant(g: GraphBuilder, value: number): Value {
  return g.constant(float64([value], []));
}
