// Rule: numpy.ndarray.astype: floats are cut towards 0 for integers, integers become the nearest float. Texts are read as decimal numbers.
import { z } from "zod";
import { float64, type GraphBuilder, int64, strings, type Tensor, type Value } from "../../../onnx/index.ts";
import { convertTensor } from "../../connect.ts";
import { type Emission, missingText } from "../../emission.ts";
import type { Column, Evaluation, StepPlan } from "../../step.ts";
import { step } from "../../step.ts";

const dtypes = { float: "float64", float32: "float32", int: "int64", bool: "bool", string: "string" } as const;
type Target = keyof typeof dtypes;

/** Decimal numbers, in the syntax that RE2 and JavaScript read alike. */
const decimal = "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?";
const whole = "[+-]?[0-9]{1,15}";

export const cast = step({
  name: "cast",
  about: "Make columns another type: numbers from texts, integers from floats, texts from integers",
  family: "columns",
  options: z.strictObject({
    columns: z.array(z.string()).min(1).describe("Columns; `*` at the end of a name matches"),
    to: z.enum(["float", "float32", "int", "bool", "string"]).describe("The new type"),
    invalid: z
      .enum(["reject", "missing"])
      .default("reject")
      .describe(
        "Texts that are no number, and missing values where the type has none: the record is refused, or the value missing",
      ),
  }),
  example: "cast: { columns: [zip], to: string }",
  reference: "numpy.ndarray.astype",
  plan({ columns: names, to, invalid }, frame) {
    const columns = frame.select(names);
    for (const { name, dtype, isBytes } of columns) {
      if (isBytes) throw frame.refuse(`column \`${name}\` holds bytes`, { option: "columns" });
      if (to === "string" && dtype.startsWith("float"))
        throw frame.refuse(`column \`${name}\` is ${dtype}: programs write floats as text in different ways`, {
          option: "to",
          fix: "cast it to `int` first",
        });
      if (to === "bool" && dtype === "string")
        throw frame.refuse(`column \`${name}\` is text`, { option: "to", fix: "use `compute`: `column == 'yes'`" });
    }
    if (invalid === "missing" && (to === "int" || to === "bool"))
      throw frame.refuse(`${to} columns have no missing values`, {
        option: "invalid",
        fix: "cast to `float`, or `impute` first",
      });
    return {
      reads: columns.map(({ name }) => name),
      writes: columns.map(({ name, shape, dtype, missing, unit }) => ({
        name,
        shape,
        dtype: dtypes[to],
        missing: to.startsWith("float") && (missing || (dtype === "string" && invalid === "missing")),
        ...(unit ? { unit } : {}),
      })),
      emit: (values, emission) => values.map((value, at) => emitCast(value, columns[at]!, to, invalid, emission)),
      evaluate: (tensors, _rows, evaluation) =>
        tensors.map((tensor, at) => evaluateCast(tensor, columns[at]!, to, invalid, evaluation)),
    } satisfies StepPlan;
  },
});

const numbers: Readonly<Record<string, number>> = { float64: 11, float32: 1, int64: 7, bool: 9, string: 8 };
const noNumber = { what: "is no number", fix: "send digits, such as 12.5" };
const noInteger = { what: "is no integer of up to 15 digits" };
const isMissingHere = { what: "is missing, which this type cannot be", fix: "`impute` it first" };

/** Larger floats have no integer beside them that all programs agree on. */
const largest = 2 ** 53;

function emitCast(value: Value, column: Column, to: Target, invalid: string, { g, reject }: Emission): Value {
  const target = { to: numbers[dtypes[to]]! };
  const { name } = column;
  const deep = column.shape.map((_, axis) => axis + 1);
  const refuse = (mask: Value, problem: { what: string; fix?: string }) =>
    reject(deep.length === 0 ? mask : anyOf(g, mask, deep), { column: name, ...problem });
  if (value.dtype === dtypes[to]) return g.op("Identity", [value]);
  if (value.dtype === "string") {
    const isMissing = g.op("Equal", [value, g.constant(strings([missingText], []))]);
    const isNumber = g.op("RegexFullMatch", [value], { pattern: to === "int" ? whole : decimal });
    const bad = g.op("Not", [isNumber]);
    const canMiss = to !== "int";
    if (invalid === "reject") {
      refuse(
        canMiss && column.missing ? g.op("And", [bad, g.op("Not", [isMissing])]) : bad,
        to === "int" ? noInteger : noNumber,
      );
    }
    const safe = g.op("Where", [isNumber, value, g.constant(strings(["0"], []))]);
    const number = g.op("Cast", [safe], target);
    if (!canMiss) return number;
    const nothing = g.op("Cast", [g.constant(float64([Number.NaN], []))], target);
    return g.op("Where", [isNumber, number, nothing]);
  }
  if (to === "int" && value.dtype.startsWith("float")) {
    const x = value.dtype === "float64" ? value : g.op("Cast", [value], { to: 11 });
    const fits = g.op("LessOrEqual", [g.op("Abs", [x]), g.constant(float64([largest], []))]);
    refuse(g.op("Not", [fits]), isMissingHere);
    return g.op("Cast", [g.op("Where", [fits, x, g.constant(float64([0], []))])], target);
  }
  if (to === "bool") {
    if (value.dtype.startsWith("float")) refuse(g.op("IsNaN", [value]), isMissingHere);
    const zero = g.op("Cast", [g.constant(int64([0], []))], { to: numbers[value.dtype] ?? 6 });
    const isZero = g.op("Equal", [value, zero]);
    return g.op("Not", [value.dtype.startsWith("float") ? g.op("Or", [isZero, g.op("IsNaN", [value])]) : isZero]);
  }
  if (to === "string" && value.dtype === "bool")
    return g.op("Where", [value, g.constant(strings(["true"], [])), g.constant(strings(["false"], []))]);
  return g.op("Cast", [value], target);
}

function evaluateCast(tensor: Tensor, column: Column, to: Target, invalid: string, { reject }: Evaluation): Tensor {
  const { dtype, dims, data } = tensor;
  const size = dims.slice(1).reduce((product, dim) => product * dim, 1);
  const refused = new Set<number>();
  const refuse = (at: number, problem: { what: string; fix?: string }) => {
    const row = Math.floor(at / size);
    if (refused.size < refused.add(row).size) reject(row, { column: column.name, ...problem });
  };
  if (dtype === dtypes[to]) return tensor;
  if (dtype === "string") {
    const pattern = new RegExp(`^(?:${to === "int" ? whole : decimal})$`);
    const values = (data as string[]).map((text, at) => {
      if (pattern.test(text)) return Number(text);
      if (invalid === "reject" && !(to !== "int" && text === missingText && column.missing))
        refuse(at, to === "int" ? noInteger : noNumber);
      return to === "int" ? 0 : Number.NaN;
    });
    return convertTensor(float64(values, dims), dtypes[to]);
  }
  if (to === "string")
    return strings(
      Array.from(data as ArrayLike<number | bigint>, (value) =>
        dtype === "bool" ? String(value !== 0) : String(value),
      ),
      dims,
    );
  if (to === "bool")
    return {
      dtype: "bool",
      dims,
      data: Uint8Array.from(Array.from(data as ArrayLike<number | bigint>, Number), (value, at) => {
        if (Number.isNaN(value)) refuse(at, isMissingHere);
        return Number(value !== 0 && !Number.isNaN(value));
      }),
    };
  if (to === "int" && dtype.startsWith("float"))
    return int64(
      Array.from(data as ArrayLike<number>, (value, at) => {
        if (Math.abs(value) <= largest) return Math.trunc(value);
        refuse(at, isMissingHere);
        return 0;
      }),
      dims,
    );
  return convertTensor(tensor, dtypes[to]);
}

function anyOf(g: GraphBuilder, mask: Value, axes: readonly number[]): Value {
  const most = g.op("ReduceMax", [g.op("Cast", [mask], { to: 6 }), g.constant(int64(axes))], { keepdims: 0 });
  return g.op("Cast", [most], { to: 9 });
}
