// Columns of the frame in the words of the schema.
import type { ColumnType, InputSpec, OutputSpec } from "../core/index.ts";
import { missingText } from "./emission.ts";
import type { Column } from "./step.ts";

/** @param isGiven by whoever sends records; else by a step on the host */
export function columnInput(name: string, column: Column, isGiven: boolean): InputSpec {
  const { dtype, shape, missing, categories, unit } = column;
  return {
    name,
    type: typeOf(column),
    dtype,
    shape,
    layout: isGiven && shape.length === 0 ? "column" : "batch",
    missing: missing ? "allow" : "refuse",
    ...(missing && dtype === "string" ? { missingValue: missingText } : {}),
    ...(categories ? { categories } : {}),
    ...(unit ? { unit } : {}),
  };
}

export function columnOutput(name: string, column: Column): OutputSpec {
  const { dtype, shape, classes, role, unit } = column;
  return {
    name,
    type: typeOf(column),
    dtype,
    shape,
    layout: "batch",
    ...(role ? { role } : {}),
    ...(classes ? { classes } : {}),
    ...(unit ? { unit } : {}),
  };
}

function typeOf({ dtype, isBytes, type }: Column): ColumnType {
  if (isBytes) return "bytes";
  if (dtype === "string" || dtype === "bool") return dtype;
  return type ?? (dtype.includes("float") ? "float" : "int");
}
