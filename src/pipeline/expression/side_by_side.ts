// Many expressions of one form (`a0 / b0`, `a1 / b1`, …) as one: the columns that stand at the same place are taken side by side, and the
// form is computed once on the matrix. Each number is computed as it would be alone.
import { type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import type { CompiledExpression } from "./compile.ts";

interface Named {
  readonly name: string;
  readonly compiled: Pick<CompiledExpression, "columns" | "form" | "emit">;
}

/** A column of a matrix `[N, width]`. */
interface Cell {
  readonly matrix: Value;
  readonly width: number;
  readonly at: number;
}

/** Whether it is worth a matrix: some expressions have a form in common, all read columns, and none takes the name of a column that is read. */
export function sharesForms(parts: readonly Named[], reads: readonly string[]): boolean {
  if (parts.some(({ name, compiled }) => reads.includes(name) || compiled.columns.length === 0)) return false;
  return groupsOf(parts).length < parts.length;
}

/**
 * @param matrix float64 `[N, reads]`
 * @param parts in order; later ones may read what earlier ones made. Numbers all, and none without a column
 * @returns float64 `[N, parts]`
 */
export function emitSideBySide(
  g: GraphBuilder,
  matrix: Value,
  reads: readonly string[],
  parts: readonly Named[],
): Value {
  const cells = new Map<string, Cell>(reads.map((name, at) => [name, { matrix, width: reads.length, at }]));
  const results = new Map<string, Cell>();
  for (const group of groupsOf(parts)) {
    const { columns, emit } = group[0]!.compiled;
    const args = columns.map((_, place) =>
      taken(
        g,
        group.map(({ compiled }) => cells.get(compiled.columns[place]!)!),
      ),
    );
    const value = emit(g, args);
    const made = args.includes(value) ? g.op("Identity", [value]) : value;
    group.forEach(({ name }, at) => {
      const cell = { matrix: made, width: group.length, at };
      cells.set(name, cell);
      results.set(name, cell);
    });
  }
  return taken(
    g,
    parts.map(({ name }) => results.get(name)!),
  );
}

/** Expressions of one form that do not need each other, in an order in which they can be computed. */
function groupsOf(parts: readonly Named[]): Named[][] {
  const depths = new Map<string, number>();
  const groups = new Map<string, Named[]>();
  for (const part of parts) {
    const { columns, form } = part.compiled;
    const depth = 1 + Math.max(0, ...columns.map((name) => depths.get(name) ?? 0));
    depths.set(part.name, depth);
    const key = `${depth} ${form}`;
    const group = groups.get(key);
    if (group) group.push(part);
    else groups.set(key, [part]);
  }
  const depthOf = ([first]: readonly Named[]) => depths.get(first!.name)!;
  return [...groups.values()].sort((a, b) => depthOf(a) - depthOf(b));
}

/** Columns side by side, whatever matrices they are in. */
function taken(g: GraphBuilder, cells: readonly Cell[]): Value {
  const blocks: Value[] = [];
  for (let start = 0; start < cells.length; ) {
    const { matrix, width } = cells[start]!;
    let end = start + 1;
    while (end < cells.length && cells[end]!.matrix === matrix) end++;
    const places = cells.slice(start, end).map(({ at }) => at);
    const isWhole = places.length === width && places.every((place, at) => place === at);
    blocks.push(isWhole ? matrix : g.op("Gather", [matrix, g.constant(int64(places))], { axis: 1 }));
    start = end;
  }
  return blocks.length === 1 ? blocks[0]! : g.op("Concat", blocks, { axis: 1 });
}
