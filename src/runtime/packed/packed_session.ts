// A session of a packed graph, asked as if it were the graph that was packed: the columns of a request go side by side into few tensors.
import { type DType, IngotError } from "../../core/index.ts";
import { dataType, type Tensor, type TensorData } from "../../onnx/index.ts";
import type { Session } from "../predictor.ts";
import type { PackedGroup } from "./pack_inputs.ts";

type Feeds = Readonly<Record<string, Tensor>>;

/** Rows that are written at a time: they stay in the processor's cache. */
const rowsAtOnce = 256;
/** Fewer texts are sent as they are; of more, the first so many say whether it is worth comparing all. */
const fewTexts = 64;
const firstTexts = 512;

export function packedSession(session: Session, groups: readonly PackedGroup[]): Session {
  return {
    packed: groups,
    run: (feeds) => session.run(packedFeeds(groups, feeds)),
    release: () => session.release(),
  };
}

/**
 * Feeds of the packed graph; groups that are packed already stay as they are.
 * @throws IngotError INPUT_INVALID for columns that are missing, of another type, or longer than others
 */
export function packedFeeds(groups: readonly PackedGroup[], feeds: Feeds): Feeds {
  if (groups.every(({ input }) => feeds[input])) return feeds;
  const packed: Record<string, Tensor> = {};
  const gone = new Set<string>();
  for (const group of groups) {
    const { dtype, input, columns } = group;
    if (feeds[input]) continue;
    const rows = feeds[columns[0]!.name]?.dims[0] ?? 0;
    const own = columns.map(({ name, isColumn }) => {
      const tensor = feeds[name];
      checkColumn(name, tensor, dtype, isColumn, rows);
      gone.add(name);
      return tensor.data;
    });
    if (dtype === "string") {
      addTexts(packed, group, own as string[][], rows);
      continue;
    }
    const cells = new (dataType(dtype).array!)(rows * own.length);
    interleave(cells as Float64Array, own as Float64Array[], rows);
    addGroup(packed, group, cells, rows);
  }
  for (const name of Object.keys(feeds)) if (!gone.has(name)) packed[name] = feeds[name]!;
  return packed;
}

/** @param cells of all columns, row by row */
export function addGroup(feeds: Record<string, Tensor>, group: PackedGroup, cells: TensorData, rows: number): void {
  const { dtype, input, columns } = group;
  if (dtype === "string") addTexts(feeds, group, [cells as string[]], rows);
  else feeds[input] = { dtype, dims: [rows, columns.length], data: cells };
}

/** @param parts one by one, or all columns row by row as a single one */
function addTexts(
  feeds: Record<string, Tensor>,
  { input, places, columns }: PackedGroup,
  parts: readonly string[][],
  rows: number,
): void {
  const { texts, at } = differentTexts(parts);
  feeds[input] = { dtype: "string", dims: [texts.length], data: texts };
  feeds[places!] = { dtype: "int64", dims: [rows, columns.length], data: at };
}

function checkColumn(
  name: string,
  tensor: Tensor | undefined,
  dtype: DType,
  isColumn: boolean,
  rows: number,
): asserts tensor is Tensor {
  const where = `inputs.${name}`;
  if (!tensor) throw new IngotError("INPUT_INVALID", { what: "is missing", where, fix: "send every input" });
  if (tensor.dtype !== dtype)
    throw new IngotError("INPUT_INVALID", { what: `expected ${dtype}, got ${tensor.dtype}`, where });
  const { dims } = tensor;
  const fits = dims[0] === rows && dims.length === (isColumn ? 2 : 1) && (!isColumn || dims[1] === 1);
  if (fits && tensor.data.length === rows) return;
  throw new IngotError("INPUT_INVALID", {
    what: `expected shape [${isColumn ? [rows, 1] : [rows]}], got [${dims}]`,
    where,
    fix: "compare the input's shape and type with the schema",
  });
}

function interleave(cells: Float64Array, columns: readonly Float64Array[], rows: number): void {
  const width = columns.length;
  for (let from = 0; from < rows; from += rowsAtOnce) {
    const end = Math.min(rows, from + rowsAtOnce);
    for (let at = 0; at < width; at++) {
      const column = columns[at]!;
      for (let row = from; row < end; row++) cells[row * width + at] = column[row]!;
    }
  }
}

/** Each text once, and where each one is, row by row; as they are where too many differ. */
function differentTexts(columns: readonly string[][]): { texts: string[]; at: BigInt64Array } {
  const width = columns.length;
  const rows = columns[0]!.length;
  const at = new BigInt64Array(rows * width);
  // Places fit into the lower half of an int64, which is quicker to write.
  const low = new Int32Array(at.buffer);
  const texts: string[] = [];
  const known = new Map<string, number>();
  let compares = rows * width > fewTexts;
  for (let row = 0, cell = 0; row < rows; row++)
    for (let column = 0; column < width; column++, cell++) {
      const text = columns[column]![row]!;
      let place = compares ? known.get(text) : undefined;
      if (place === undefined) {
        place = texts.push(text) - 1;
        if (compares) known.set(text, place);
      }
      low[2 * cell] = place;
      if (cell === firstTexts && texts.length * 2 > firstTexts) compares = false;
    }
  return { texts, at };
}
