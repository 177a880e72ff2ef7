// The matrix that the trees compare: what LightGBM does to a value before and while it looks at it.
import { type LightgbmForest, missingType, splitBits } from "../../formats/index.ts";
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";

/** kZeroThreshold of meta.h: what is nearer to zero than this float32 counts as zero. */
export const zeroThreshold = Math.fround(1e-35);

/** How splits look at a feature: as a number, as a number whose zero is missing, or as a category. */
const views = ["number", "zero", "category"] as const;
export type View = (typeof views)[number];

/** The columns of the matrix: all features in their order, then second views of features that splits look at differently. */
export interface MatrixColumns {
  readonly feature: readonly number[];
  readonly view: readonly View[];
  /** The column for a feature seen in a way. */
  column(feature: number, view: View): number;
}

export function viewOf(decisionType: number): View {
  if (decisionType & splitBits.categorical) return "category";
  return decisionType >> 2 === missingType.zero ? "zero" : "number";
}

/** Every view that the first `nodes` nodes take. Normally a feature has one: only continued training mixes them. */
export function matrixColumns(forest: LightgbmForest, nodes: number, features: number): MatrixColumns {
  const seen = views.map(() => new Uint8Array(features));
  for (let node = 0; node < nodes; node++)
    seen[views.indexOf(viewOf(forest.decisionType[node]!))]![forest.feature[node]!] = 1;
  const feature = Array.from({ length: features }, (_, index) => index);
  const view = feature.map((index) => views.find((_, which) => seen[which]![index] === 1) ?? "number");
  const places = views.map((each) => Int32Array.from(view, (own, index) => (own === each ? index : -1)));
  for (let index = 0; index < features; index++)
    views.forEach((other, which) => {
      if (seen[which]![index] === 0 || other === view[index]) return;
      places[which]![index] = feature.length;
      feature.push(index);
      view.push(other);
    });
  return { feature, view, column: (index, as) => places[views.indexOf(as)]![index]! };
}

/**
 * The values as the trees see them.
 * - A zero that counts as missing becomes NaN, so that one comparison and its missing direction say it all.
 * - A category is cut to a whole number towards zero (`static_cast<int>`); what is no category (NaN, below 0 after the cut,
 *   beyond int32) becomes -1, which no set holds.
 * @param raw [N, features] float64
 * @param exact columns of categories whose values are codes already, or -1
 */
export function emitMatrix(g: GraphBuilder, raw: Value, columns: MatrixColumns, exact: ReadonlySet<number>): Value {
  const { feature, view } = columns;
  const width = feature.length;
  const features = raw.shape!.at(-1) as number;
  const row = (value: (column: number) => number) =>
    g.constant(
      float64(
        Array.from({ length: width }, (_, i) => value(i)),
        [1, width],
      ),
      "row",
    );
  let x = raw;
  if (width > features) x = g.op("Gather", [raw, g.constant(int64(feature))], { axis: 1 }, { name: "views" });
  if (view.includes("zero")) {
    const limit = row((column) => (view[column] === "zero" ? zeroThreshold : -1));
    const isZero = g.op("LessOrEqual", [g.op("Abs", [x]), limit], {}, { name: "is_zero" });
    x = g.op("Where", [isZero, g.constant(float64([Number.NaN], []), "nan"), x], {}, { name: "zero_missing" });
  }
  const cut = (column: number) => view[column] === "category" && !exact.has(feature[column]!);
  if (feature.some((_, column) => cut(column))) {
    const above = g.op("Greater", [x, row((column) => (cut(column) ? -1 : Number.POSITIVE_INFINITY))]);
    const below = g.op("Less", [x, row(() => 2 ** 31)]);
    const whole = g.op("Floor", [g.op("Abs", [x])], {}, { name: "cut_to_whole" });
    const isCode = {
      dtype: "bool" as const,
      dims: [1, width],
      data: Uint8Array.from(feature, (_, column) => (cut(column) ? 1 : 0)),
    };
    const otherwise = g.op("Where", [g.constant(isCode, "is_code"), g.constant(float64([-1], []), "no_category"), x]);
    x = g.op("Where", [g.op("And", [above, below]), whole, otherwise], {}, { name: "codes" });
  }
  return x;
}
