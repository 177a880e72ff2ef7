// Edge rows: records on the places where a conversion goes wrong first. Each is an ordinary record with one value replaced: by a threshold
// or a float beside it, a special number, a missing value, a known, unknown, empty or foreign text. A pure function of graph, schema and
// examples.
import type { InputSpec, Schema } from "../core/index.ts";
import type { Model } from "../onnx/index.ts";
import { above, below, singleAbove, singleBelow, singleFrom, singleTo } from "./neighbours.ts";
import { type CellPoints, splitPoints } from "./split_points.ts";

export type EdgeKind = "threshold" | "special value" | "missing value" | "category";

export interface EdgeRow {
  readonly kind: EdgeKind;
  /** `threshold of income: 0.5`, `missing value of features[3]: null`. */
  readonly about: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

export interface EdgeOptions {
  /** Records to start from; made up where there are none. */
  readonly examples?: readonly Readonly<Record<string, unknown>>[];
  /** What the source library takes; default: no infinities, numbers up to a million. */
  readonly accepts?: Accepted;
}

export interface Accepted {
  readonly infinity?: boolean;
  /** Largest magnitude that is sent. */
  readonly largest?: number;
}

/** Rows at most, and values in all of them: a package must not grow by what proves it. */
const mostRows = 240;
const mostValues = 24_000;
const fewestRows = 24;
const widestRow = 4096;

interface Cell {
  readonly spec: InputSpec;
  /** Position in an input of many elements; null where the input is one value. */
  readonly at: number | null;
  readonly points: CellPoints;
  /** What a made-up record holds here, in turn. */
  readonly usual: readonly unknown[];
}

interface Probe {
  readonly kind: EdgeKind;
  readonly cell: Cell;
  readonly value: unknown;
}

/** None where an input is no number, text or row of numbers. */
export function edgeRows(model: Model, schema: Schema, options: EdgeOptions = {}): EdgeRow[] {
  const found = splitPoints(model, schema);
  if (schema.inputs.some(({ name, layout }) => !found.has(name) || layout === "whole")) return [];
  const cells = schema.inputs.flatMap((spec) => {
    const points = found.get(spec.name)!;
    return points.map((own, at): Cell => {
      const usual = usualValues(spec, own);
      return { spec, at: spec.shape.length === 0 ? null : at, points: own, usual };
    });
  });
  if (cells.length === 0 || cells.length > widestRow) return [];
  const rows = Math.max(fewestRows, Math.min(mostRows, Math.floor(mostValues / cells.length)));
  const accepts = { infinity: false, largest: 1e6, ...options.accepts };
  const thresholds = cells.flatMap(thresholdProbes);
  const others = cells.flatMap((cell) => [
    ...missingProbes(cell),
    ...categoryProbes(cell),
    ...specialProbes(cell, accepts),
  ]);
  const forThresholds = Math.max(Math.floor(rows * 0.6), rows - others.length);
  const chosen = spread(thresholds, forThresholds);
  const probes = [...chosen, ...spread(others, rows - chosen.length)];
  const bases = options.examples ?? [];
  return probes.map(({ kind, cell, value }, row) => {
    const base = bases.length > 0 ? { ...bases[row % bases.length] } : madeUp(schema, cells, row);
    const { name } = cell.spec;
    if (cell.at === null) base[name] = value;
    else {
      const list = Array.isArray(base[name]) ? base[name] : [];
      base[name] = cells.flatMap((other) =>
        other.spec !== cell.spec ? [] : [other === cell ? value : (list[other.at!] ?? other.usual[0])],
      );
    }
    return {
      kind,
      about: `${kind} of ${name}${cell.at === null ? "" : `[${cell.at}]`}: ${shown(value)}`,
      inputs: base,
    };
  });
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return Object.is(value, -0) ? "-0" : String(value);
}

function madeUp(schema: Schema, cells: readonly Cell[], row: number): Record<string, unknown> {
  // Another stride in each column: rows must not all walk through their columns in step.
  const usualAt = ({ usual }: Cell, ordinal: number) => usual[(row * 7 + ordinal * 3) % usual.length];
  const base: Record<string, unknown> = {};
  for (const { name, shape } of schema.inputs) if (shape.length > 0) base[name] = [];
  for (const [ordinal, cell] of cells.entries()) {
    if (cell.at === null) base[cell.spec.name] = usualAt(cell, ordinal);
    else (base[cell.spec.name] as unknown[]).push(usualAt(cell, ordinal));
  }
  return base;
}

function usualValues(spec: InputSpec, points: CellPoints): unknown[] {
  if (spec.type === "string") {
    const known = knownTexts(spec, points).filter((text) => text !== spec.missingValue);
    return known.length > 0 ? known.slice(0, 64) : ["text", "another text", "x"];
  }
  if (spec.type === "bool") return [true, false];
  const near =
    spec.categories ??
    spread(
      [...points.numbers].sort((a, b) => a - b),
      64,
    );
  const fit = near.map((value) => fitting(spec, Number(value))).filter((value) => value !== null);
  if (fit.length > 0) return fit;
  const plain = [0, 1, 2, -1].map((value) => fitting(spec, value)).filter((value) => value !== null);
  return plain.length > 0 ? plain : [spec.min ?? spec.max ?? 0];
}

/** The number as this input takes it, or null. */
function fitting({ type, dtype, min, max }: InputSpec, value: number): number | null {
  const rounded = type === "int" ? Math.round(value) : dtype === "float32" ? Math.fround(value) : value;
  if (rounded < (min ?? -Infinity) || rounded > (max ?? Infinity)) return null;
  if (Number.isNaN(rounded) || (type === "int" && !Number.isSafeInteger(rounded))) return null;
  if (dtype === "int32" && Math.abs(rounded) > 2 ** 31 - 1) return null;
  if (/^u?int(8|16)$|^uint/.test(dtype) && (rounded < 0 || rounded > 127)) return null;
  return rounded;
}

function thresholdProbes(cell: Cell): Probe[] {
  const { spec, points } = cell;
  if (spec.type !== "float" && spec.type !== "int") return [];
  const sorted = [...points.numbers].sort((a, b) => a - b);
  return sorted.flatMap((point) => {
    const values =
      spec.type === "int"
        ? [Math.floor(point), Math.ceil(point), Math.floor(point) - 1]
        : spec.dtype === "float32"
          ? [singleTo(point), singleFrom(point), singleBelow(singleTo(point)), singleAbove(singleFrom(point))]
          : points.isSingle
            ? [point, below(point), above(point), singleTo(point), singleAbove(singleTo(point))]
            : [point, below(point), above(point)];
    return probesOf(cell, "threshold", values);
  });
}

function specialProbes(cell: Cell, accepts: Required<Accepted>): Probe[] {
  const { spec } = cell;
  if (spec.type === "string") return [];
  if (spec.type === "bool") return [true, false].map((value) => ({ kind: "special value", cell, value }));
  const least = spec.dtype === "float32" ? 2 ** -149 : 5e-324;
  const limit = spec.dtype === "float32" ? Math.min(accepts.largest, 3.4028234663852886e38) : accepts.largest;
  const [infinity, large] = [accepts.infinity ? [Infinity, -Infinity] : [], [limit, -limit]];
  const values = spec.type === "int" ? [0, 1, -1, 1_000_000] : [-0, 0, least, -least, ...large, ...infinity];
  return probesOf(cell, "special value", values);
}

function missingProbes(cell: Cell): Probe[] {
  const { missing, dtype } = cell.spec;
  return missing === "allow" && (dtype === "string" || dtype.includes("float"))
    ? [{ kind: "missing value", cell, value: null }]
    : [];
}

/** Text that training data seldom holds: empty, blank, beyond ASCII, and one that is nearly a category. */
const strangers = ["", " ", "never seen before", "Ünïcödé 中文 🙂"];

/** Graphs set texts aside with what Unicode keeps for such use, and no one sends. */
const internal = /[\0\uFFFE\uFFFF]/;

function knownTexts({ categories }: InputSpec, { texts }: CellPoints): string[] {
  return [...new Set([...(categories ?? []), ...texts].map(String))].filter((text) => !internal.test(text));
}

function categoryProbes(cell: Cell): Probe[] {
  const { spec, points } = cell;
  if (spec.type === "string") {
    const known = knownTexts(spec, points);
    const texts = [...spread(known, 40), ...strangers, ...known.slice(0, 1).map((text) => `${text} `)];
    return texts.map((value) => ({ kind: "category", cell, value }));
  }
  if (spec.categories === undefined || spec.type === "bool") return [];
  const known = spec.categories.map(Number);
  return probesOf(cell, "category", [...spread(known, 40), Math.max(...known) + 1, Math.min(...known) - 1]);
}

function probesOf(cell: Cell, kind: EdgeKind, values: readonly number[]): Probe[] {
  const fit = values.map((value) => fitting(cell.spec, value)).filter((value) => value !== null);
  return fit
    .filter((value, at) => fit.findIndex((one) => Object.is(one, value)) === at)
    .map((value) => ({ kind, cell, value }));
}

/** At most `count` of a list, evenly. */
function spread<T>(list: readonly T[], count: number): T[] {
  if (list.length <= count) return [...list];
  return Array.from({ length: count }, (_, i) => list[Math.floor((i * list.length) / count)]!);
}
