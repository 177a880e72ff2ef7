// One-hot of several columns of texts at once: the texts of all columns are looked up in one table, and each column's place is compared with
// that column's own categories.
import { type GraphBuilder, int64, type Value } from "../../../onnx/index.ts";
import { type Category, emitPosition } from "./lookup.ts";

/** Whether it is worth it: lists of about the same length; where unknown texts refuse the record, the same list for all. */
export function sharesMarks(lists: readonly (readonly Category[])[], unknown: "ignore" | "reject"): boolean {
  const widths = lists.map(({ length }) => length);
  const isEven = Math.max(...widths) * lists.length <= 2 * widths.reduce((sum, width) => sum + width, 0);
  const all = new Set(lists.flat());
  return isEven && (unknown === "ignore" || widths.every((width) => width === all.size));
}

/**
 * @param matrix texts `[N, columns]`
 * @param first which category of each list is the first that has a mark
 * @returns `position` int64 `[N, columns]` in the list of all columns' texts, its length where the text is in none; `marks` float64
 *   `[N, marks]`, 1 where the text is the category
 */
export function emitMarks(
  g: GraphBuilder,
  matrix: Value,
  lists: readonly (readonly Category[])[],
  first: number,
): { position: Value; marks: Value } {
  const all = [...new Set(lists.flat())];
  const places = new Map(all.map((text, at) => [text, at]));
  const marked = lists.map((list) => list.slice(first));
  const width = Math.max(...marked.map(({ length }) => length));
  // Shorter lists are filled up with a place that no text has.
  const codes = marked.flatMap((list) => Array.from({ length: width }, (_, at) => places.get(list[at]!) ?? -1));
  const position = emitPosition(g, matrix, all);
  const apart = g.op("Unsqueeze", [position, g.constant(int64([2]))]);
  const isIt = g.op("Equal", [apart, g.constant(int64(codes, [lists.length, width]))]);
  const cube = g.op("Cast", [isIt], { to: 11 });
  const square = g.op("Reshape", [cube, g.constant(int64([0, lists.length * width]))]);
  const kept = marked.flatMap((list, column) => list.map((_, at) => column * width + at));
  const marks =
    kept.length === lists.length * width ? square : g.op("Gather", [square, g.constant(int64(kept))], { axis: 1 });
  return { position, marks };
}
