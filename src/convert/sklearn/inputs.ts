// From the columns that a model takes to the inputs of its graph: one named, typed input per column, or one matrix where it has no names.
import { type ColumnType, IngotError, type InputSpec, quoted } from "../../core/index.ts";
import { type Fitted, featureCountOf, featureNamesOf } from "../../formats/index.ts";
import type { GraphBuilder, Tensor } from "../../onnx/index.ts";
import { absentFrom } from "../columns.ts";
import type { ConvertOptions } from "../converter.ts";
import type { Block, Column, ColumnNeed, Columns, Step, Table } from "./estimator.ts";

const unlikelyText = "∅ missing";

type Given = NonNullable<ConvertOptions["inputs"]>[number];

export interface SklearnInputs {
  readonly inputs: readonly InputSpec[];
  readonly columns: Columns;
  readonly missingText: string;
  /** The tensors of the inputs as a table, for evaluation. */
  tableOf(feeds: Readonly<Record<string, Tensor>>): Table;
}

/** @throws IngotError INPUT_INVALID, MODEL_UNSUPPORTED */
export function emitInputs(
  g: GraphBuilder,
  self: Fitted,
  step: Step,
  options: ConvertOptions,
  reserved: ReadonlySet<string>,
): SklearnInputs {
  const names = featureNamesOf(self);
  const count = step.columns?.length ?? names?.length ?? featureCountOf(self) ?? options.inputs?.length ?? null;
  if (count === null || (names && names.length !== count))
    throw self.unsupported("does not say which columns it takes", "name its columns under `inputs`, in their order");
  const needs = step.columns ?? Array.from({ length: count }, (): ColumnNeed => ({ type: "number" }));
  const missingText = missingTextFor(needs);
  const given = options.inputs;
  const asMatrix =
    !names &&
    needs.every((need) => typeOf(need) !== "string") &&
    (given === undefined || (given.length === 1 && count > 1));
  return asMatrix
    ? matrixInput(g, given?.[0]?.name ?? "features", needs, missingText)
    : columnInputs(g, self, needs, names, given, missingText, reserved);
}

/** Sent for a missing text. Where a column may hold any text, the empty one is a value like every other. */
function missingTextFor(needs: readonly ColumnNeed[]): string {
  const texts = needs.filter((need) => typeOf(need) === "string");
  const known = texts.flatMap((need) => need.categories?.filter((one) => typeof one === "string") ?? []);
  const isOpen = texts.some((need) => !need.categories);
  return isOpen && !known.includes(unlikelyText) ? unlikelyText : absentFrom(known);
}

function matrixInput(g: GraphBuilder, name: string, needs: readonly ColumnNeed[], missingText: string): SklearnInputs {
  const width = needs.length;
  const value = g.input(name, "float64", ["N", width]);
  const missing = needs.every((need) => need.missing) ? "allow" : "refuse";
  return {
    inputs: [{ name, type: "float", dtype: "float64", shape: [width], layout: "batch", missing }],
    columns: { blocks: [{ value, width }] },
    missingText,
    tableOf(feeds) {
      const { dims, data } = feeds[name]!;
      const rows = dims[0]!;
      const of = (c: number) => Float64Array.from({ length: rows }, (_, row) => Number(data[row * width + c]));
      return { rows, columns: needs.map((_, c) => of(c)) };
    },
  };
}

function columnInputs(
  g: GraphBuilder,
  self: Fitted,
  needs: readonly ColumnNeed[],
  names: readonly string[] | null,
  given: readonly Given[] | undefined,
  missingText: string,
  reserved: ReadonlySet<string>,
): SklearnInputs {
  if (given && given.length !== needs.length)
    throw new IngotError("INPUT_INVALID", {
      what: `${given.length} inputs are named, the model has ${needs.length} columns`,
      where: self.where,
      fix: "name all of them, in the model's order",
    });
  const inputs: InputSpec[] = [];
  const blocks: Block[] = [];
  const seen = new Set<string>();
  needs.forEach((need, position) => {
    const name = given?.[position]?.name ?? names?.[position] ?? `x${position}`;
    check(name, seen, reserved, self.where);
    const spec = specOf(name, need, given?.[position], missingText);
    inputs.push(spec);
    blocks.push({ value: g.input(name, spec.dtype, ["N", 1]), width: 1 });
  });
  return {
    inputs,
    columns: { blocks },
    missingText,
    tableOf(feeds) {
      const rows = feeds[inputs[0]!.name]?.dims[0] ?? 0;
      return { rows, columns: inputs.map((spec) => columnOf(feeds[spec.name]!, missingText)) };
    },
  };
}

function check(name: string, seen: Set<string>, reserved: ReadonlySet<string>, where: string): void {
  if (name === "" || seen.has(name) || reserved.has(name))
    throw new IngotError("INPUT_INVALID", {
      what:
        name === ""
          ? `input ${seen.size} has no name`
          : seen.has(name)
            ? `two inputs are called ${quoted(name)}`
            : `an input cannot be called ${quoted(name)}, an output is`,
      where,
      fix: "give the column another name under `inputs`, with `column:` naming the model's",
    });
  seen.add(name);
}

function typeOf(need: ColumnNeed): "float" | "int" | "bool" | "string" {
  if (need.type === "text") return "string";
  const known = need.categories?.filter((category) => category !== null);
  if (!known || known.length === 0) return "float";
  if (known.some((category) => typeof category === "string")) return "string";
  if (known.every((category) => typeof category === "boolean")) return "bool";
  return known.every((category) => Number.isSafeInteger(category)) ? "int" : "float";
}

function specOf(name: string, need: ColumnNeed, given: Given | undefined, missingText: string): InputSpec {
  const own = typeOf(need);
  const type: ColumnType =
    need.type === "any" && isColumnType(given?.type)
      ? given.type
      : own === "float" && (given?.type === "int" || given?.type === "bool")
        ? given.type
        : own;
  const missing = need.missing ? ("allow" as const) : ("refuse" as const);
  const base = { name, type, shape: [], layout: "column" as const, missing };
  const categories = need.categories?.filter((category) => category !== null && typeof category !== "boolean") ?? [];
  if (type === "string") {
    const texts = categories.filter((category) => typeof category === "string");
    return {
      ...base,
      dtype: "string",
      ...(need.missing ? { missingValue: missingText } : {}),
      ...(texts.length > 0 ? { categories: texts } : {}),
      ...(need.text ? { text: need.text } : {}),
    };
  }
  const numbers = categories.filter((category) => typeof category === "number");
  return {
    ...base,
    dtype: "float64",
    ...(type === "float" && numbers.length === 0 ? { booleans: "allow" as const } : {}),
    ...(need.unused && given?.type === undefined ? { unread: true as const } : {}),
    ...(numbers.length > 0 ? { categories: numbers } : {}),
  };
}

function isColumnType(type: string | undefined): type is ColumnType {
  return type === "float" || type === "int" || type === "bool" || type === "string";
}

function columnOf({ data }: Tensor, missingText: string): Column {
  if (Array.isArray(data)) return data.map((value) => (value === missingText ? null : value));
  return Float64Array.from(data as ArrayLike<number>, Number);
}
