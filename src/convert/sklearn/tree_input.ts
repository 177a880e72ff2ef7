// What trees see of their input: columns side by side, rounded to float32.
// Rule: sklearn/tree/_classes.py, BaseDecisionTree._validate_X_predict (dtype=np.float32).
import { type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import type { ColumnNeed, Columns, Table } from "./estimator.ts";
import { leafOf, type TreeNodes } from "./tree_nodes.ts";

const float32 = 1;
const float64 = 11;

export function numberColumns(count: number, missing = false): ColumnNeed[] {
  return Array.from({ length: count }, () => ({ type: "number", missing }));
}

/** float64 `[N, features]` */
export function emitMatrix(g: GraphBuilder, x: Columns): Value {
  const blocks = x.blocks.map(({ value }) => value);
  if (blocks.length > 1) return g.op("Concat", blocks, { axis: 1 }, { name: "matrix" });
  // ONNX Runtime merges a number that one column is scaled by into the MatMul behind it, as a float32 (MatMulScaleFusion): kept apart.
  return x.blocks[0]!.width === 1 ? g.op("Reshape", [blocks[0]!, g.constant(int64([-1, 1]))]) : blocks[0]!;
}

/** float32 `[N, features]` */
export function emitFloat32(g: GraphBuilder, x: Columns): Value {
  return g.op("Cast", [emitMatrix(g, x)], { to: float32 }, { name: "as_float32" });
}

/** float64 `[N, features]` of float32 values, for comparisons in float64. */
export function emitRounded(g: GraphBuilder, x: Columns): Value {
  return g.op("Cast", [emitFloat32(g, x)], { to: float64 }, { name: "rounded" });
}

/** Every row as float32, in one array that is filled anew. */
function* float32Rows(x: Table, features?: ArrayLike<number>): Generator<Float32Array> {
  const columns = features ? Array.from(features, (column) => x.columns[column]!) : x.columns;
  const row = new Float32Array(columns.length);
  for (let i = 0; i < x.rows; i++) {
    columns.forEach((column, c) => {
      row[c] = column[i] as number;
    });
    yield row;
  }
}

/** The leaf of every row. */
export function leavesOf(tree: TreeNodes, x: Table, features?: ArrayLike<number>): Int32Array {
  const leaves = new Int32Array(x.rows);
  let at = 0;
  for (const row of float32Rows(x, features)) leaves[at++] = leafOf(tree, row);
  return leaves;
}
