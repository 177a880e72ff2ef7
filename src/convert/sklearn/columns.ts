// Columns on their way through steps: chosen, joined, in the graph and outside of it.
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import type { Block, Column, Columns, Table } from "./estimator.ts";
import { isEmptyColumn, selectedSparse, sparseBlock } from "./sparse.ts";

/** Number of columns. */
export function widthOf(x: Columns): number {
  return x.blocks.reduce((sum, block) => sum + block.width, 0);
}

/** Columns by position, in the given order. Whole blocks stay as they are. */
export function selected(x: Columns, positions: readonly number[], g: GraphBuilder): Columns {
  const starts: number[] = [];
  let next = 0;
  for (const { width } of x.blocks) {
    starts.push(next);
    next += width;
  }
  const blocks: Block[] = [];
  for (let i = 0; i < positions.length; ) {
    const at = blockOf(starts, positions[i]!);
    const block = x.blocks[at]!;
    const { width } = block;
    const inside: number[] = [];
    while (i < positions.length && blockOf(starts, positions[i]!) === at) inside.push(positions[i++]! - starts[at]!);
    const whole = inside.length === width && inside.every((position, k) => position === k);
    if (whole) blocks.push(block);
    else if (block.sparse) blocks.push(selectedSparse(g, block.sparse, width, inside));
    else
      blocks.push({
        value: g.op("Gather", [block.value, g.constant(int64(inside))], { axis: 1 }),
        width: inside.length,
      });
  }
  return { blocks };
}

function blockOf(starts: readonly number[], position: number): number {
  let at = starts.length - 1;
  while (starts[at]! > position) at--;
  return at;
}

export function selectedRows(x: Table, positions: readonly number[]): Table {
  return { rows: x.rows, columns: positions.map((position) => x.columns[position]!) };
}

/** Neighbouring blocks of one type as one. */
export function joined(parts: readonly Columns[]): Columns {
  return { blocks: parts.flatMap((part) => part.blocks) };
}

export function joinedRows(parts: readonly Table[], rows: number): Table {
  return { rows, columns: parts.flatMap((part) => part.columns) };
}

/** Numbers multiplied by a weight; a weight of 1 changes nothing. */
export function weighted(x: Columns, weight: number, g: GraphBuilder): Columns {
  if (weight === 1) return x;
  const times = (value: Value, width: number) =>
    // One number for all would be rounded to float32 where a MatMul follows (ONNX Runtime, MatMulScaleFusion).
    g.op("Mul", [value, g.constant(float64(new Float64Array(width).fill(weight), [1, width]))]);
  return {
    blocks: x.blocks.map((block) =>
      block.sparse
        ? sparseBlock(g, { ...block.sparse, values: times(block.sparse.values, 1) }, block.width)
        : { value: times(block.value, block.width), width: block.width },
    ),
  };
}

export function weightedRows(x: Table, weight: number): Table {
  if (weight === 1) return x;
  const times = (column: Column): Column =>
    !isEmptyColumn(column) && column instanceof Float64Array ? column.map((value) => value * weight) : column;
  return { rows: x.rows, columns: x.columns.map(times) };
}
