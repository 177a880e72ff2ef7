// A fitted Python object, looked into by attribute name: what converters and descriptions of scikit-learn models read.
import type { NdArray } from "./ndarray.ts";
import type { PyValue } from "./values.ts";

/**
 * One object with attributes. Every accessor throws MODEL_INVALID or MODEL_UNSUPPORTED that says `where` the attribute is.
 * numpy scalars (`numpy.core.multiarray.scalar`) and 0-d arrays read like Python scalars.
 */
export interface Fitted {
  /** Qualified class as the file has it, e.g. `sklearn.tree.tree.DecisionTreeClassifier`. */
  readonly className: string;
  /** Path inside the model, e.g. `Pipeline.steps[1][1]`. */
  readonly path: string;
  /** Name of the file, then path, then library version, e.g. `model.pkl: Pipeline.steps[2][1] (scikit-learn 1.6.1)`. */
  readonly where: string;
  /** `_sklearn_version` of the object or of the nearest one around it; null where no one says it. */
  readonly version: string | null;
  /** The object itself, for what the accessors do not reach. */
  readonly value: PyValue;
  /** Names of all attributes. */
  readonly names: readonly string[];

  /** Whether the attribute is there and not None. */
  has(name: string): boolean;
  /** The attribute as it is; undefined when absent. */
  get(name: string): PyValue | undefined;
  /** An array; lists of numbers or text are taken as one, scipy sparse matrices as dense ones. */
  array(name: string): NdArray;
  optionalArray(name: string): NdArray | null;
  /** `array(name)` in float64, C order. */
  floats(name: string): Float64Array;
  /** A float or an integer. */
  number(name: string): number;
  optionalNumber(name: string): number | null;
  string(name: string): string;
  optionalString(name: string): string | null;
  boolean(name: string): boolean;
  /** An object in an attribute. */
  child(name: string): Fitted;
  optionalChild(name: string): Fitted | null;
  /** The objects of a list, tuple or object array (any shape, C order). */
  children(name: string): Fitted[];
  /** Items of a list, tuple or array as they are, e.g. the `(name, estimator)` tuples of `steps`. */
  items(name: string): readonly PyValue[];
  /** Wraps a value found inside this object, e.g. `self.at(tuple.items[1], "steps[0][1]")`. */
  at(value: PyValue, path: string): Fitted;
  /** MODEL_UNSUPPORTED at this object: `what` says what cannot be converted, `fix` what would help. */
  unsupported(what: string, fix?: string): Error;
  /** MODEL_INVALID at this object. */
  invalid(what: string): Error;
}
