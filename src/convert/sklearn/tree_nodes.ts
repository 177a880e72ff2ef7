// The state of one `sklearn.tree._tree.Tree`, in columns. Rule: sklearn/tree/_tree.pyx, Tree.__reduce__ and __setstate__: node
// records (fields by name: releases differ in which they have and how wide they are) and `values` [node_count, n_outputs, max_n_classes].
import { type Fitted, NdArray, PyDict, PyObject } from "../../formats/index.ts";

/** One fitted tree. Children of a node stand behind it; -1 in both columns is a leaf. */
export interface TreeNodes {
  readonly count: number;
  readonly features: number;
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** Of leaves: anything. */
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  /** 1 where NaN goes to the left; null before scikit-learn 1.3, which knew no missing values in trees. */
  readonly missingLeft: Uint8Array | null;
  readonly outputs: number;
  /** Classes of the output that has most; 1 of a regressor. */
  readonly width: number;
  /** `[count, outputs, width]`: of a classifier counts (before 1.4) or fractions. */
  readonly values: Float64Array;
  /** Number of training samples in each node. */
  readonly samples: Int32Array;
}

/** @param self a fitted tree estimator, which has its nodes in `tree_` */
export function readTreeNodes(self: Fitted): TreeNodes {
  const tree = self.child("tree_");
  const { value } = tree;
  if (!(value instanceof PyObject) || !(value.state instanceof PyDict)) throw tree.invalid("has no nodes");
  const nodes = value.state.get("nodes");
  const values = value.state.get("values");
  if (!(nodes instanceof NdArray) || !(values instanceof NdArray)) throw tree.invalid("has no nodes");
  const features = Number(value.args[0]);
  if (!Number.isInteger(features) || features < 0) throw tree.invalid("says no number of features");
  const [count = 0] = nodes.shape;
  const [rows, outputs = 0, width = 0] = values.shape;
  if (nodes.shape.length !== 1 || values.shape.length !== 3 || rows !== count || count === 0 || outputs * width === 0)
    throw tree.invalid(`has nodes [${nodes.shape}] and values [${values.shape}]`);
  const column = <T extends Int32Array | Float64Array | Uint8Array>(name: string, into: T): T => {
    if (!readField(nodes, name, into)) throw tree.invalid(`has nodes without a field \`${name}\` of numbers`);
    return into;
  };
  const hasMissing = nodes.dtype.fields?.some((field) => field.name === "missing_go_to_left") ?? false;
  const read: TreeNodes = {
    count,
    features,
    left: column("left_child", new Int32Array(count)),
    right: column("right_child", new Int32Array(count)),
    feature: column("feature", new Int32Array(count)),
    threshold: column("threshold", new Float64Array(count)),
    missingLeft: hasMissing ? column("missing_go_to_left", new Uint8Array(count)) : null,
    outputs,
    width,
    values: values.floats(),
    samples: column("n_node_samples", new Int32Array(count)),
  };
  const wrong = wrongNode(read);
  if (wrong >= 0)
    throw tree.invalid(`node ${wrong} leads nowhere in a tree of ${count} nodes and ${features} features`);
  return read;
}

/** The first node whose children or feature are not there, or -1. A child stands behind its parent, so there are no circles. */
function wrongNode({ count, features, left, right, feature }: TreeNodes): number {
  for (let node = 0; node < count; node++) {
    const [a, b, by] = [left[node]!, right[node]!, feature[node]!];
    if (a === -1 && b === -1) continue;
    if (a <= node || a >= count || b <= node || b >= count || by < 0 || by >= features) return node;
  }
  return -1;
}

/** One field of every record, without copying the records: forests of 500 MB are mostly these. */
export function readField(
  records: NdArray,
  name: string,
  into: Int32Array | Uint32Array | Float64Array | Uint8Array,
): boolean {
  const field = records.dtype.fields?.find((each) => each.name === name);
  const { data } = records;
  if (!field || !(data instanceof Uint8Array)) return false;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const read = reader(view, field.dtype);
  if (!read) return false;
  const stride = records.dtype.size;
  for (let i = 0, at = field.offset; i < into.length; i++, at += stride) into[i] = read(at);
  return true;
}

function reader(view: DataView, dtype: NdArray["dtype"]): ((at: number) => number) | null {
  const { littleEndian } = dtype;
  switch (`${dtype.kind}${dtype.size}`) {
    case "f8":
      return (at) => view.getFloat64(at, littleEndian);
    case "f4":
      return (at) => view.getFloat32(at, littleEndian);
    // Positions in a file that fits into memory: the high half of 64 bits is the sign.
    case "i8":
    case "u8":
      return littleEndian ? (at) => view.getInt32(at, true) : (at) => view.getInt32(at + 4, false);
    case "i4":
      return (at) => view.getInt32(at, littleEndian);
    case "u4":
      return (at) => view.getUint32(at, littleEndian);
    case "u1":
    case "b1":
      return (at) => view.getUint8(at);
    default:
      return null;
  }
}

/** The leaf that a row of float32 values falls into. Rule: _tree.pyx, Tree._apply_dense. */
export function leafOf(tree: TreeNodes, row: Float32Array): number {
  const { left, right, feature, threshold, missingLeft } = tree;
  let node = 0;
  while (left[node] !== -1) {
    const value = row[feature[node]!]!;
    const goesLeft = Number.isNaN(value) ? missingLeft !== null && missingLeft[node] !== 0 : value <= threshold[node]!;
    node = goesLeft ? left[node]! : right[node]!;
  }
  return node;
}
