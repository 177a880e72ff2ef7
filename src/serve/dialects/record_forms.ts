// The forms in which other servers' clients write records: rows by position, columns by name, bytes in base64. What comes out are
// records by input name; whether their values fit is the schema's affair, as everywhere.
import { isUtf8 } from "node:buffer";
import { IngotError, type InputSpec, nearest, quoted, type Schema } from "../../core/index.ts";
import type { InputRecord } from "../../runtime/index.ts";

/**
 * Rows: objects by input name; or, for a model with one input, its values; or, for a model of single values, lists in the order of its inputs.
 * @param where what the rows are called in the request
 * @throws IngotError INPUT_INVALID naming the row
 */
export function recordsFromRows(schema: Schema, rows: readonly unknown[], where: string): InputRecord[] {
  const { inputs } = schema;
  return rows.map((row, index) => {
    if (isObject(row) && !("b64" in row)) return recordOf(row, inputs);
    if (inputs.length === 1) return recordOf({ [inputs[0]!.name]: row }, inputs);
    return byPosition(row, inputs, `${where}[${index}]`);
  });
}

function byPosition(row: unknown, inputs: readonly InputSpec[], where: string): InputRecord {
  const names = inputs.map((input) => input.name);
  const order = `${names.slice(0, 20).join(", ")}${names.length > 20 ? ", …" : ""}`;
  if (!Array.isArray(row) || inputs.some((input) => input.shape.length > 0))
    throw new IngotError("INPUT_INVALID", {
      what: `expected an object with the inputs by name, got ${quoted(row)}`,
      where,
      fix: `the inputs are ${order}`,
    });
  if (row.length !== inputs.length)
    throw new IngotError("INPUT_INVALID", {
      what: `has ${row.length} values, the model has ${inputs.length} inputs`,
      where,
      fix: `in this order: ${order}`,
    });
  return recordOf(Object.fromEntries(names.map((name, i) => [name, row[i]])), inputs);
}

/**
 * Columns: an object of lists by input name, or the one list of a model with one input.
 * @throws IngotError INPUT_INVALID naming the column whose length differs
 */
export function recordsFromColumns(schema: Schema, columns: unknown, where: string): InputRecord[] {
  if (!isObject(columns) || "b64" in columns)
    return recordsFromRows(schema, Array.isArray(columns) ? columns : [columns], where);
  const lists = Object.entries(columns).map(
    ([name, column]) => [name, Array.isArray(column) ? column : [column]] as const,
  );
  const [first] = lists;
  if (!first) throw new IngotError("INPUT_INVALID", { what: "holds no column", where });
  for (const [name, list] of lists)
    if (list.length !== first[1].length)
      throw new IngotError("INPUT_INVALID", {
        what: `has ${list.length} rows, ${where}.${first[0]} has ${first[1].length}`,
        where: `${where}.${name}`,
      });
  return first[1].map((_, row) =>
    recordOf(Object.fromEntries(lists.map(([name, list]) => [name, list[row]])), schema.inputs),
  );
}

/** A record whose values are in our form: `[x]` for a single value is x, `{"b64": …}` is the text, or for a file its base64. */
function recordOf(row: InputRecord, inputs: readonly InputSpec[]): InputRecord {
  const record: Record<string, unknown> = { ...row };
  for (const spec of inputs) {
    const value = record[spec.name];
    const single = spec.shape.length === 0 && Array.isArray(value) && value.length === 1 ? value[0] : value;
    const read = spec.type === "bytes" ? base64Of : textOf;
    const plain = spec.dtype === "string" ? withoutB64(single, `inputs.${spec.name}`, read) : single;
    if (plain !== value) record[spec.name] = plain;
  }
  return record;
}

function withoutB64(value: unknown, where: string, read: (bytes: Buffer, where: string) => string): unknown {
  if (Array.isArray(value)) return value.map((element) => withoutB64(element, where, read));
  if (!isObject(value) || !Object.hasOwn(value, "b64")) return value;
  const { b64 } = value;
  if (typeof b64 !== "string" || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(b64))
    throw new IngotError("INPUT_INVALID", { what: `expected base64, got ${quoted(b64)}`, where });
  return read(Buffer.from(b64, "base64"), where);
}

/** Clients leave padding out or use the alphabet of URLs; what goes on is base64 as everybody reads it. */
const base64Of = (bytes: Buffer) => bytes.toString("base64");

function textOf(bytes: Buffer, where: string): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  throw new IngotError("INPUT_INVALID", { what: "the base64 holds bytes that are not UTF-8", where });
}

/**
 * Leaves out of a table what the model does not ask for, as MLflow does, unless that looks like a typing error.
 * @throws IngotError INPUT_INVALID for an absent input next to a column of nearly its name
 */
export function columnsOfInputs(columns: readonly string[], { inputs }: Schema, where: string): ReadonlySet<string> {
  const known = new Set(inputs.map((input) => input.name));
  const extra = columns.filter((column) => !known.has(column));
  const given = new Set(columns);
  for (const { name } of inputs) {
    if (given.has(name)) continue;
    const meant = nearest(name, extra);
    if (meant !== undefined)
      throw new IngotError("INPUT_INVALID", {
        what: `there is no column ${quoted(name)}, only ${quoted(meant)}`,
        where,
        fix: "name the columns as the model's inputs are named",
      });
  }
  return known;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
