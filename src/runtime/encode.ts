// Records to tensors. Everything that the schema decides is decided once per schema, not once per value.
import { IngotError, type InputSpec, nearest, quoted, type Schema } from "../core/index.ts";
import type { Tensor } from "../onnx/index.ts";
import { allocate, elementWriter } from "./element_store.ts";
import { elementReader, type Place, refuseInput } from "./field.ts";
import { shown } from "./json.ts";
import type { PackedGroup } from "./packed/pack_inputs.ts";
import type { InputRecord } from "./predictor.ts";
import { type QuickColumn, type QuickTarget, quickColumn, quickScalars } from "./quick_columns.ts";
import { ownValue, RecordLayout } from "./record_layout.ts";

/** Largest number of elements that one encoded tensor may have. */
const largestTensor = 2 ** 28;

type EncodeColumn = (records: readonly InputRecord[]) => Tensor;

interface Encoder {
  readonly names: ReadonlySet<string>;
  readonly columns: readonly (readonly [name: string, encode: EncodeColumn])[];
  readonly layout: RecordLayout;
  readonly scalars: readonly QuickColumn[];
  readonly targets: readonly QuickTarget[];
  readonly shaped: readonly (readonly [name: string, encode: EncodeColumn])[];
}

/** By the schema, or by the groups of columns that belong to it. */
const encoders = new WeakMap<Schema | readonly PackedGroup[], Encoder>();

/**
 * Typed records as the graph's inputs, by name; N = number of records.
 * @throws IngotError INPUT_INVALID, such as `inputs.age: expected int, got "x" (row 3)`
 */
export function encodeRecords(schema: Schema, records: readonly InputRecord[]): Record<string, Tensor> {
  const quick = encodeQuickly(schema, records);
  if (quick) return quick;
  checkRecordNames(schema, records);
  return encodeGenerally(schema, records);
}

/** The same for records that may hold more than these inputs. */
export function encodeInputs(schema: Schema, records: readonly InputRecord[]): Record<string, Tensor> {
  return encodeQuickly(schema, records, { mayHoldOthers: true }) ?? encodeGenerally(schema, records);
}

/** The way that says what is wrong, first things first: names, then column by column. */
export function encodeGenerally(schema: Schema, records: readonly InputRecord[]): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  for (const [name, encode] of encoderOf(schema).columns) feeds[name] = encode(records);
  return feeds;
}

/**
 * The same tensors, or null where something is refused or odd.
 * @param packed columns of this schema that are encoded side by side
 */
export function encodeQuickly(
  schema: Schema,
  records: readonly InputRecord[],
  { mayHoldOthers = false, packed }: { mayHoldOthers?: boolean; packed?: readonly PackedGroup[] | undefined } = {},
): Record<string, Tensor> | null {
  const { layout, scalars, targets, shaped } = encoderOf(schema, packed);
  const feeds = quickScalars(scalars, targets, layout, records, mayHoldOthers);
  if (feeds) for (const [name, encode] of shaped) feeds[name] = encode(records);
  return feeds;
}

/** @throws IngotError INPUT_INVALID for what is no record, and for names that are no inputs */
export function checkRecordNames(schema: Schema, records: readonly InputRecord[]): void {
  const encoder = encoderOf(schema);
  for (let row = 0; row < records.length; row++)
    if (!encoder.layout.holdsOnlyInputs(records[row]!)) checkNames(encoder, records[row]!, rowOf(row, records));
}

/**
 * What the varying sizes of one record's inputs are, as a text: records with equal texts fit into one batch.
 * @throws IngotError INPUT_INVALID
 */
export function recordShape({ inputs }: Schema, record: InputRecord): string {
  return inputs
    .filter(({ shape }) => shape.some((size) => typeof size !== "number"))
    .map((spec) => measured(spec, ownValue(record, spec.name), { path: `inputs.${spec.name}`, row: null }).join("x"))
    .join(" ");
}

function encoderOf(schema: Schema, packed?: readonly PackedGroup[]): Encoder {
  let encoder = encoders.get(packed ?? schema);
  if (!encoder) {
    encoder = compile(schema, packed ?? []);
    encoders.set(packed ?? schema, encoder);
  }
  return encoder;
}

function rowOf(row: number, records: readonly InputRecord[]): number | null {
  return records.length === 1 ? null : row;
}

function compile({ inputs }: Schema, packed: readonly PackedGroup[]): Encoder {
  const names = inputs.map(({ name }) => name);
  const columns = inputs.map((input): readonly [string, EncodeColumn] => [
    input.name,
    input.shape.length === 0 ? scalarColumn(input) : shapedColumn(input),
  ]);
  const byName = new Map(inputs.map((input) => [input.name, input]));
  const groups = packed.filter((group) => group.columns.every(({ name }) => byName.get(name)?.shape.length === 0));
  const places = new Map(
    groups.flatMap((group, target) => group.columns.map(({ name }, offset) => [name, { target, offset }] as const)),
  );
  const targets: QuickTarget[] = groups.map((group) => ({
    spec: byName.get(group.columns[0]!.name)!,
    width: group.columns.length,
    group,
  }));
  const scalars = inputs.flatMap((spec, at) => {
    if (spec.shape.length > 0) return [];
    const place = places.get(spec.name);
    if (place) return [quickColumn(spec, at, place.target, place.offset)];
    return [quickColumn(spec, at, targets.push({ spec, width: 1, group: null }) - 1, 0)];
  });
  return {
    names: new Set(names),
    columns,
    layout: new RecordLayout(names),
    scalars,
    targets,
    shaped: columns.filter((_, at) => inputs[at]!.shape.length > 0),
  };
}

function checkNames({ names }: Encoder, record: InputRecord, row: number | null): void {
  if (typeof record !== "object" || record === null || Array.isArray(record))
    throw new IngotError("INPUT_INVALID", {
      what: `expected a record (values by input name), got ${shown(record)}${row === null ? "" : ` (row ${row})`}`,
      where: "inputs",
    });
  for (const key of Object.keys(record)) {
    if (names.has(key)) continue;
    const near = nearest(key, names);
    refuseInput(
      { path: `inputs.${key.length > 60 ? `${key.slice(0, 59)}…` : key}`, row },
      "there is no such input",
      near
        ? `did you mean ${quoted(near)}?`
        : `its inputs are ${[...names].slice(0, 20).join(", ")}${names.size > 20 ? ", …" : ""}`,
    );
  }
}

function scalarColumn(spec: InputSpec): EncodeColumn {
  const read = elementReader(spec);
  const write = elementWriter(spec);
  const path = `inputs.${spec.name}`;
  const dims = (count: number) => (spec.layout === "column" ? [count, 1] : spec.layout === "batch" ? [count] : []);
  return (records) => {
    const data = allocate(spec, records.length);
    for (let row = 0; row < records.length; row++) {
      write(data, row, read(ownValue(records[row]!, spec.name), { path, row: rowOf(row, records) }));
    }
    return { dtype: spec.dtype, dims: dims(records.length), data };
  };
}

function shapedColumn(spec: InputSpec): EncodeColumn {
  const read = elementReader(spec);
  const write = elementWriter(spec);
  const path = `inputs.${spec.name}`;
  return (records) => {
    // The first record says how long the varying sizes are; a batch is a box, so the others must agree.
    const shape = measured(spec, records[0] && ownValue(records[0], spec.name), { path, row: rowOf(0, records) });
    const count = shape.reduce((product, size) => product * size, 1);
    if (count * records.length > largestTensor)
      refuseInput(
        { path, row: null },
        `${records.length} records of ${count} values are more than ${largestTensor} in one batch`,
      );
    const at: number[] = [];
    const place = {
      get path() {
        return path + at.map((index) => `[${index}]`).join("");
      },
      row: null as number | null,
    };
    const check = (value: unknown): void => {
      const depth = at.length;
      const items = arrayOf(value, place, shape.slice(depth));
      // A typed array holds all levels below it, flat.
      const isFlat = isTyped(value) || depth + 1 === shape.length;
      const expected = isFlat ? shape.slice(depth).reduce((product, size) => product * size, 1) : shape[depth]!;
      if (items.length !== expected)
        refuseInput(
          place,
          `expected ${expected} values, got ${items.length}`,
          `one record's shape is [${spec.shape.map((dim) => dim ?? "?")}]`,
        );
      if (isFlat) return;
      for (let i = 0; i < items.length; i++) {
        at.push(i);
        check(items[i]);
        at.pop();
      }
    };
    // Lengths first, memory after: one long record and many short ones must not add up to a large box.
    for (let row = 0; row < records.length; row++) {
      place.row = rowOf(row, records);
      check(ownValue(records[row]!, spec.name));
    }
    const data = allocate(spec, count * records.length);
    let index = 0;
    const fill = (items: ArrayLike<unknown>, isLast: boolean): void => {
      const depth = at.push(0);
      for (let i = 0; i < items.length; i++) {
        at[depth - 1] = i;
        if (isLast) write(data, index++, read(items[i], place));
        else fill(items[i] as ArrayLike<unknown>, isTyped(items[i]) || depth + 1 === shape.length);
      }
      at.pop();
    };
    for (let row = 0; row < records.length; row++) {
      place.row = rowOf(row, records);
      const value = ownValue(records[row]!, spec.name) as ArrayLike<unknown>;
      fill(value, isTyped(value) || shape.length === 1);
    }
    return { dtype: spec.dtype, dims: spec.layout === "whole" ? shape : [records.length, ...shape], data };
  };
}

function isTyped(value: unknown): boolean {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

function arrayOf(value: unknown, place: Place, shape: readonly number[]): ArrayLike<unknown> {
  if (Array.isArray(value)) return value;
  if (isTyped(value)) return value as ArrayLike<unknown>;
  return refuseInput(place, `expected an array of shape [${shape}], got ${shown(value)}`);
}

/** The shape of a record's value, its varying sizes read off the value itself. */
function measured(spec: InputSpec, value: unknown, place: Place): number[] {
  let level: unknown = value;
  return spec.shape.map((dim, depth) => {
    const items = Array.isArray(level) || ArrayBuffer.isView(level) ? (level as unknown as ArrayLike<unknown>) : null;
    level = items?.[0];
    if (typeof dim === "number") return dim;
    if (items === null)
      return refuseInput(
        place,
        value === undefined
          ? "is missing"
          : `expected an array with ${spec.shape.length} levels, got ${depth === 0 ? shown(value) : `${depth}`}`,
      );
    return items.length;
  });
}
