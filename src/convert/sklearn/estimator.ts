// What one scikit-learn class is to the converter: its fitted state read once, then written as graph nodes and, independently of
// those, computed in plain float64 for the certificate. One file per family, one line in the table (estimators.ts).
import type { TextForm } from "../../core/index.ts";
import type { Fitted } from "../../formats/index.ts";
import type { GraphBuilder, Value } from "../../onnx/index.ts";
import type { TermCounts } from "../../pipeline/index.ts";
import type { Tolerance } from "../converter.ts";

/** One family member. The rule's source (the library's file and function) is named in its file. */
export interface Estimator {
  /** Qualified names under which releases have stored the class, the newest first. */
  readonly classes: readonly string[];
  /**
   * Reads the fitted state. What cannot be converted is refused here, before anything is emitted.
   * @param nested reads an estimator inside this one (by the same table)
   * @throws IngotError MODEL_UNSUPPORTED, MODEL_INVALID
   */
  read(self: Fitted, nested: (child: Fitted) => Step): Step;
}

/** What an estimator can do once it is read. Meta-estimators use the parts of the steps inside them. */
export interface Step {
  /** What each column of X must be, by position; null where any number of float64 columns will do. */
  readonly columns: readonly ColumnNeed[] | null;
  readonly transform?: Transform;
  readonly classify?: Classify;
  readonly regress?: Regress;
  /** Outlier detection: +1 inlier, -1 outlier. */
  readonly detect?: Detect;
  /** `predict` of a clusterer or mixture: index of the cluster. */
  readonly cluster?: Cluster;
  /** An imputer of NaN: the same that leaves None as it is, in columns by the position in which they come out. */
  leavingNone?(columns: ReadonlySet<number>): Step;
  /** What a user should know of its answers. */
  readonly notes?: readonly string[];
  /** The same estimator given a scipy sparse matrix, where that makes a difference. */
  whenSparse?(): Step;
}

/**
 * `number`: float64, NaN = missing. `text`: string. Where a column is compared with fitted categories, they are named: text categories make a
 * string input, numeric ones a float64 input.
 */
export interface ColumnNeed {
  readonly type: "number" | "text" | "any";
  readonly categories?: readonly (string | number | boolean | null)[];
  /** Whether the library takes a missing value here; default no. */
  readonly missing?: boolean;
  /** None is among the categories, where it is something else than NaN. */
  readonly none?: boolean;
  /** Whether a missing value here never leaves the step; default what the step says of all columns. */
  readonly filled?: boolean;
  /** The form that texts are read in. */
  readonly text?: TextForm;
  /** No step reads it. */
  readonly unused?: boolean;
}

// In the graph: blocks of columns side by side.

/** `value` is `[N, width]`, float64 (NaN = missing) or string. Missing text is `missingText` of the emission. */
export interface Block {
  readonly value: Value;
  readonly width: number;
  /** The same, for steps that need not see every 0; `value` is emitted only when it is read. */
  readonly sparse?: SparseRows;
}

export interface SparseRows extends TermCounts {
  /** Who made them, for what is refused later. */
  readonly owner: Fitted;
}

export interface Columns {
  readonly blocks: readonly Block[];
}

/** What emission shares: the builder and conventions. */
export interface Emission {
  readonly g: GraphBuilder;
  /** What a missing value of a string column is sent as; no category equals it. */
  readonly missingText: string;
}

// Outside of the graph: the same in plain arrays.

/** Row-major float64 matrix. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** One column of every row; null is a missing text. */
export type Column = Float64Array | readonly (string | null)[];

export interface Table {
  readonly rows: number;
  readonly columns: readonly Column[];
}

/** Python values of `classes_`, in order. */
export type Classes = readonly (string | number | boolean)[];

export interface Transform {
  /** Number of columns that come out. */
  readonly width?: number;
  /** What comes out has the library's own bits; default no. */
  readonly isExact?: boolean;
  /** Whether a missing value that goes in never comes out (imputers, encoders); default no. */
  readonly fillsMissing?: boolean;
  /** `inverse_transform`, where what is transformed is a target. */
  readonly inverse?: Pick<Transform, "emit" | "evaluate">;
  emit(x: Columns, emission: Emission): Columns;
  evaluate(x: Table): Table;
}

/** One per target: most classifiers have one, trees and neighbours may have several. */
export interface Classify {
  readonly targets: readonly Classes[];
  /** Probabilities and decisions have the library's own bits. */
  readonly isExact?: boolean;
  /** Decisions alone have them: boosters, whose probabilities come from an exponential. */
  readonly isExactDecision?: boolean;
  /** What is promised of probabilities and decisions that are not exact, where float64 would promise too much. */
  readonly promise?: Tolerance;
  emit(x: Columns, emission: Emission): readonly ClassValues[];
  evaluate(x: Table): readonly ClassRows[];
}

export interface ClassValues {
  /** int64 `[N]`: position in `classes_` of what `predict` answers. */
  readonly index: Value;
  /** float64 `[N, K]`: `predict_proba`. */
  readonly probabilities?: Value;
  /** float64 `[N]` (two classes) or `[N, K]`: `decision_function`. */
  readonly decision?: Value;
}

export interface ClassRows {
  readonly index: Int32Array;
  readonly probabilities?: Matrix;
  /** One column for two classes. */
  readonly decision?: Matrix;
}

/** float64 `[N]` where `y` was one-dimensional, else `[N, targets]`. */
export interface Regress {
  readonly targets: number | null;
  /** Predictions have the library's own bits. */
  readonly isExact?: boolean;
  readonly promise?: Tolerance;
  emit(x: Columns, emission: Emission): Value;
  evaluate(x: Table): Matrix;
}

export interface Detect {
  /** `label`: int64 `[N]` of +1 and -1; `decision`: float64 `[N]`, `decision_function`; `score`: `score_samples`. */
  emit(x: Columns, emission: Emission): { readonly label: Value; readonly decision: Value; readonly score: Value };
  evaluate(x: Table): { readonly label: Int32Array; readonly decision: Float64Array; readonly score: Float64Array };
}

export interface Cluster {
  readonly count: number;
  /** `index`: int64 `[N]`; `probabilities`: float64 `[N, count]` of mixtures. */
  emit(x: Columns, emission: Emission): { readonly index: Value; readonly probabilities?: Value };
  evaluate(x: Table): { readonly index: Int32Array; readonly probabilities?: Matrix };
}
