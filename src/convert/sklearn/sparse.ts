// Rows in which few columns are not 0: what texts become. Held as positions and values side by side, so that neither the graph nor the
// evaluation beside it spreads a row over its whole vocabulary. Sums run in the order of columns, as in scipy/sparse (csr).
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { emitSpread, widestDense, withValues } from "../../pipeline/index.ts";
import type { Block, Columns, Matrix, SparseRows, Table } from "./estimator.ts";
import { emitMatrix } from "./tree_input.ts";

export function sparseBlock(g: GraphBuilder, sparse: SparseRows, width: number): Block {
  let dense: Value | null = null;
  return {
    width,
    sparse,
    get value() {
      if (width > widestDense)
        throw sparse.owner.unsupported(
          `makes ${width} columns for a step that reads every one of them`,
          `use at most ${widestDense} columns, or a linear model, which reads those of a text only`,
        );
      dense ??= emitSpread(g, sparse, width);
      return dense;
    },
  };
}

/** The columns at `positions`, no position twice. */
export function selectedSparse(
  g: GraphBuilder,
  sparse: SparseRows,
  width: number,
  positions: readonly number[],
): Block {
  const places = new Array<number>(width + 1).fill(positions.length);
  positions.forEach((position, place) => {
    places[position] = place;
  });
  const indices = g.op("Gather", [g.constant(int64(places), "places"), sparse.indices], { axis: 0 });
  const own = withValues(g, { ...sparse, indices }, positions.length, (_g, values) => values);
  return sparseBlock(g, own, positions.length);
}

/** X `[N, F]` times weights `[F, K]`. */
export function emitProduct(g: GraphBuilder, x: Columns, weights: Matrix, name: string): Value {
  if (!x.blocks.some(({ sparse }) => sparse)) {
    return g.op("MatMul", [emitMatrix(g, x), constantRows(g, weights, 0, weights.rows, name)]);
  }
  let start = 0;
  const parts = x.blocks.map((block) => {
    const end = start + block.width;
    const part = block.sparse
      ? emitSparseProduct(g, block.sparse, withZeroRow(weights, start, end), name)
      : g.op("MatMul", [emitMatrix(g, { blocks: [block] }), constantRows(g, weights, start, end, name)]);
    start = end;
    return part;
  });
  return parts.reduce((sum, part) => g.op("Add", [sum, part]));
}

/** `[N, 1, T]` times the rows of the weights that the columns name, `[N, T, K]`. */
function emitSparseProduct(g: GraphBuilder, { indices, values }: SparseRows, weights: Matrix, name: string): Value {
  const rows = g.op("Gather", [constantRows(g, weights, 0, weights.rows, name), indices], { axis: 0 });
  const axis = g.constant(int64([1]));
  return g.op("Squeeze", [g.op("MatMul", [g.op("Unsqueeze", [values, axis]), rows]), axis]);
}

function constantRows(g: GraphBuilder, { columns, data }: Matrix, start: number, end: number, name: string): Value {
  return g.constant(float64(data.subarray(start * columns, end * columns), [end - start, columns]), name);
}

function withZeroRow({ columns, data }: Matrix, start: number, end: number): Matrix {
  const own = new Float64Array((end - start + 1) * columns);
  own.set(data.subarray(start * columns, end * columns));
  return { rows: end - start + 1, columns, data: own };
}

// Outside of the graph: columns that are 0 in every row are one array, and are passed over.

const empty = new WeakSet<Float64Array>();

/** @param rows values by column, of each row */
export function sparseTable(rows: readonly ReadonlyMap<number, number>[], width: number): Table {
  const zeros = new Float64Array(rows.length);
  empty.add(zeros);
  const columns = new Array<Float64Array>(width).fill(zeros);
  rows.forEach((values, row) => {
    for (const [at, value] of values) {
      if (columns[at] === zeros) columns[at] = new Float64Array(rows.length);
      columns[at]![row] = value;
    }
  });
  return { rows: rows.length, columns };
}

export function isEmptyColumn(column: unknown): boolean {
  return column instanceof Float64Array && empty.has(column);
}

/** X times weights `[F, K]`, each element added from the first column to the last. */
export function productRows(x: Table, weights: Matrix): Matrix {
  const { columns } = weights;
  const data = new Float64Array(x.rows * columns);
  x.columns.forEach((column, f) => {
    if (isEmptyColumn(column)) return;
    for (let row = 0; row < x.rows; row++) {
      const factor = column[row] as number;
      for (let k = 0; k < columns; k++) data[row * columns + k]! += factor * weights.data[f * columns + k]!;
    }
  });
  return { rows: x.rows, columns, data };
}
