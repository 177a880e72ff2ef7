// scipy.sparse matrices as dense arrays, where they are small enough to be.
import { IngotError } from "../../core/index.ts";
import { attributesOf } from "./attributes.ts";
import { NdArray } from "./ndarray.ts";
import { PyObject, PyTuple, type PyValue } from "./values.ts";

const largestDense = 2 ** 26;
const classes = /^scipy\.sparse\.(?:.*\.)?(csr|csc)_(?:matrix|array)$/;

/** Whether the value is a `csr_matrix` or `csc_matrix` of any scipy. */
export function isSparse(value: PyValue | undefined): value is PyObject {
  return value instanceof PyObject && classes.test(value.className);
}

/** The matrix in float64. @throws MODEL_INVALID (indices that lead outside), MODEL_UNSUPPORTED above 2^26 elements */
export function denseOf(matrix: PyObject, where: string): NdArray {
  const attributes = attributesOf(matrix);
  const shape = attributes.get("_shape") ?? attributes.get("shape");
  const [data, indices, starts] = ["data", "indices", "indptr"].map((name) => attributes.get(name));
  if (!(data instanceof NdArray && indices instanceof NdArray && starts instanceof NdArray && shape instanceof PyTuple))
    throw invalid("a sparse matrix without data, indices and shape", where);
  const [rows, columns] = shape.items;
  if (!(isSize(rows) && isSize(columns)) || shape.items.length !== 2)
    throw invalid("a sparse matrix without a shape", where);
  if (rows * columns > largestDense)
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: `a sparse matrix of ${rows} × ${columns} is too large to be read as a dense one`,
      where,
    });
  const byColumn = classes.exec(matrix.className)![1] === "csc";
  const [outer, inner] = byColumn ? [columns, rows] : [rows, columns];
  const values = data.floats();
  const positions = indices.integers();
  const ends = starts.integers();
  if (ends.length !== outer + 1 || positions.length !== values.length)
    throw invalid("a sparse matrix of uneven parts", where);
  const dense = new Float64Array(rows * columns);
  for (let line = 0; line < outer; line++) {
    const [start, end] = [ends[line]!, ends[line + 1]!];
    if (!(start >= 0 && end >= start && end <= values.length))
      throw invalid("a sparse matrix with a broken indptr", where);
    for (let i = start; i < end; i++) {
      const position = positions[i]!;
      if (!(position >= 0 && position < inner)) throw invalid("a sparse matrix whose indices lead outside", where);
      // Entries that are there twice are summed.
      const at = byColumn ? position * columns + line : line * columns + position;
      dense[at] = dense[at]! + values[i]!;
    }
  }
  return new NdArray({ kind: "f", size: 8, littleEndian: true }, [rows, columns], false, new Uint8Array(dense.buffer));
}

function isSize(value: PyValue | undefined): value is number {
  return typeof value === "number" && value >= 0;
}

function invalid(what: string, where: string): IngotError {
  return new IngotError("MODEL_INVALID", { what, where });
}
