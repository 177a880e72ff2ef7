// Missing values filled, and flagged. Rules: sklearn/impute/_base.py, SimpleImputer.transform, MissingIndicator.transform.
import { type Fitted, numberOf, PyFloat, type PyValue } from "../../formats/index.ts";
import { bool, float64, strings, type Value } from "../../onnx/index.ts";
import { joined, joinedRows, selected, selectedRows } from "./columns.ts";
import { constantNumber } from "./dense.ts";
import type { Block, Column, ColumnNeed, Emission, Estimator, Step, Transform } from "./estimator.ts";
import { isBefore } from "./tree_release.ts";

/** What counts as missing: NaN or None, or one certain value. */
export type MissingMark =
  | { readonly kind: "missing" }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "text"; readonly value: string };

export function missingMark(self: Fitted): MissingMark {
  const value = self.get("missing_values");
  const number = numberOf(value);
  if (number !== undefined) return Number.isNaN(number) ? { kind: "missing" } : { kind: "number", value: number };
  if (typeof value === "string") return { kind: "text", value };
  if (value === null || value === undefined) return { kind: "missing" };
  throw self.unsupported("takes something else than a number or text for missing");
}

/** bool `[N, width]` of a block. */
export function emitIsMissing(block: Block, mark: MissingMark, { g, missingText }: Emission): Value {
  const isText = block.value.dtype === "string";
  if (isText)
    return g.op("Equal", [block.value, g.constant(strings([mark.kind === "text" ? mark.value : missingText], [1]))]);
  return mark.kind === "number"
    ? g.op("Equal", [block.value, constantNumber(g, mark.value)])
    : g.op("IsNaN", [block.value]);
}

export function isMissing(value: number | string | null, mark: MissingMark): boolean {
  if (mark.kind === "text") return value === mark.value;
  if (mark.kind === "number") return value === mark.value;
  return value === null || (typeof value === "number" && Number.isNaN(value));
}

type Filling = number | string | null;

function fillingOf(value: PyValue): Filling {
  if (value instanceof PyFloat) return value.value;
  return typeof value === "string" ? value : (numberOf(value) ?? (value === null ? null : Number.NaN));
}

export const simpleImputer: Estimator = {
  classes: ["sklearn.impute._base.SimpleImputer", "sklearn.impute.SimpleImputer"],
  read(self) {
    const mark = missingMark(self);
    const fillings = self.array("statistics_").values().map(fillingOf);
    const isText =
      fillings.some((one) => typeof one === "string") ||
      (self.array("statistics_").dtype.kind === "O" && mark.kind === "text");
    // A column without any value in training has no statistic, and is left out; of old not where a constant fills it.
    const keepsEmpty =
      self.get("keep_empty_features") === true ||
      (self.string("strategy") === "constant" && isBefore(self.version, 1, 8));
    const kept = fillings.flatMap((filling, position) => (isEmpty(filling) && !keepsEmpty ? [] : [position]));
    const indicator = self.optionalChild("indicator_");
    const columns: ColumnNeed[] = fillings.map((filling) => ({
      type: typeof filling === "string" || (isText && filling === null) ? "text" : "number",
      missing: true,
    }));
    const of = (left: ReadonlySet<number>): Step => {
      const filled = fill(kept, fillings, mark, left);
      const flags = indicator && indicatorOf(indicator, new Set([...left].map((at) => kept[at]!))).transform!;
      return { columns, transform: flags ? beside(filled, flags) : filled };
    };
    // `missing_values=None` fills None.
    if (!isText || mark.kind !== "missing" || self.get("missing_values") === null) return of(new Set());
    return { ...of(new Set()), leavingNone: (left) => ({ ...of(left), notes: [noneNote] }) };
  },
};

const noneNote =
  "a missing text is taken for None, which is a category of this model: SimpleImputer of scikit-learn fills NaN, not None";

function isEmpty(filling: Filling): boolean {
  return filling === null || (typeof filling === "number" && Number.isNaN(filling));
}

/** @param left columns, by the position in which they come out, that stay as they are */
function fill(
  kept: readonly number[],
  fillings: readonly Filling[],
  mark: MissingMark,
  left: ReadonlySet<number>,
): Transform {
  return {
    isExact: true,
    width: kept.length,
    fillsMissing: mark.kind === "missing",
    emit(x, emission) {
      const { g } = emission;
      const parts = selected(x, kept, g);
      let next = 0;
      const blocks = parts.blocks.map((block): Block => {
        const own = kept.slice(next, next + block.width).map((position) => fillings[position]!);
        const stays = own.map((_, i) => left.has(next + i));
        next += block.width;
        if (stays.every(Boolean)) return block;
        const isText = block.value.dtype === "string";
        const isAbsent = emitIsMissing(block, mark, emission);
        const values = isText
          ? strings(own.map(String), [1, own.length])
          : float64(
              own.map((one) => (one === null ? Number.NaN : Number(one))),
              [1, own.length],
            );
        const value = g.op(
          "Where",
          [
            stays.some(Boolean) ? g.op("And", [isAbsent, g.constant(bool(stays.map((one) => !one)))]) : isAbsent,
            g.constant(values, "statistics"),
            block.value,
          ],
          {},
          { name: "imputed" },
        );
        return { value, width: block.width };
      });
      return { blocks };
    },
    evaluate: (x) => ({
      rows: x.rows,
      columns: kept.map((position, at) =>
        left.has(at) ? x.columns[position]! : filledColumn(x.columns[position]!, fillings[position]!, mark),
      ),
    }),
  };
}

function filledColumn(column: Column, filling: Filling, mark: MissingMark): Column {
  if (column instanceof Float64Array)
    return column.map((value) => (isMissing(value, mark) ? (filling as number) : value));
  return column.map((value) => (isMissing(value, mark) ? String(filling) : value));
}

export function beside(first: Transform, second: Transform): Transform {
  return {
    isExact: first.isExact === true && second.isExact === true,
    width: (first.width ?? 0) + (second.width ?? 0),
    fillsMissing: first.fillsMissing === true && second.fillsMissing === true,
    emit: (x, emission) => joined([first.emit(x, emission), second.emit(x, emission)]),
    evaluate: (x) => joinedRows([first.evaluate(x), second.evaluate(x)], x.rows),
  };
}

/** 1 where a value is missing, 0 elsewhere, of the columns in `features_`. @param left columns where a missing value is None, which is none */
function indicatorOf(self: Fitted, left: ReadonlySet<number> = new Set()): Step {
  const mark = missingMark(self);
  const features = self.array("features_").integers();
  const count =
    self.optionalNumber("n_features_in_") ??
    self.optionalNumber("_n_features") ??
    Math.max(0, ...features.map((one) => one + 1));
  return {
    columns: Array.from({ length: count }, () => ({ type: mark.kind === "text" ? "text" : "any", missing: true })),
    transform: {
      isExact: true,
      width: features.length,
      fillsMissing: true,
      emit(x, emission) {
        const { g } = emission;
        const parts = selected(x, features, g);
        let next = 0;
        return {
          blocks: parts.blocks.map((block) => {
            const counts = features.slice(next, next + block.width).map((feature) => Number(!left.has(feature)));
            next += block.width;
            const flags = g.op("Cast", [emitIsMissing(block, mark, emission)], { to: 11 });
            const value = counts.every(Boolean)
              ? flags
              : g.op("Mul", [flags, g.constant(float64(counts, [1, counts.length]))]);
            return { value, width: block.width };
          }),
        };
      },
      evaluate(x) {
        const { rows, columns } = selectedRows(x, features);
        return {
          rows,
          columns: columns.map((column, at) =>
            Float64Array.from(column as ArrayLike<number>, (value: number | string | null) =>
              Number(!left.has(features[at]!) && isMissing(value, mark)),
            ),
          ),
        };
      },
    },
  };
}

export const missingIndicator: Estimator = {
  classes: ["sklearn.impute._base.MissingIndicator", "sklearn.impute.MissingIndicator"],
  read: (self) => indicatorOf(self),
};
