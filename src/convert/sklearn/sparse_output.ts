// Which steps hand on scipy sparse matrices. To XGBoost what they do not store is missing, not 0: the graph must know.
// Rules: transform of each class; sklearn/compose/_column_transformer.py, _hstack (dense columns lose their zeros there, too);
// sklearn/pipeline.py, FeatureUnion._hstack.
import { type Fitted, PyObject, PyTuple } from "../../formats/index.ts";
import type { Step } from "./estimator.ts";

type Rule = (self: Fitted, isSparse: boolean) => boolean;

const always: Rule = () => true;
const asGiven: Rule = (_self, isSparse) => isSparse;

/** By the name of the class; all others give dense arrays. */
const rules: Readonly<Record<string, Rule>> = {
  ColumnTransformer: (self) => self.get("sparse_output_") === true,
  OneHotEncoder: (self) => (self.has("sparse_output") ? self.get("sparse_output") : self.get("sparse")) === true,
  KBinsDiscretizer: (self) => self.get("encode") === "onehot",
  RandomTreesEmbedding: (self) => self.get("sparse_output") === true,
  SplineTransformer: (self) => self.get("sparse_output") === true,
  CountVectorizer: always,
  TfidfVectorizer: always,
  HashingVectorizer: always,
  TfidfTransformer: always,
  DictVectorizer: (self) => self.get("sparse") === true,
  FeatureHasher: always,
  FeatureUnion: (self, isSparse) => inside(self, "transformer_list").some((part) => givesSparse(part, isSparse)),
  Pipeline: (self, isSparse) => inside(self, "steps").reduce((sparse, part) => givesSparse(part, sparse), isSparse),
  SparseRandomProjection: (self, isSparse) => isSparse && self.get("dense_output") !== true,
  StandardScaler: asGiven,
  MaxAbsScaler: asGiven,
  RobustScaler: asGiven,
  Normalizer: asGiven,
  Binarizer: asGiven,
  PolynomialFeatures: asGiven,
  FunctionTransformer: asGiven,
  SimpleImputer: asGiven,
  VarianceThreshold: asGiven,
  SelectKBest: asGiven,
  SelectPercentile: asGiven,
  SelectFpr: asGiven,
  SelectFdr: asGiven,
  SelectFwe: asGiven,
  GenericUnivariateSelect: asGiven,
  SelectFromModel: asGiven,
  RFE: asGiven,
  RFECV: asGiven,
  SequentialFeatureSelector: asGiven,
};

/** @param isSparse whether the step is given a sparse matrix */
export function givesSparse(self: Fitted, isSparse: boolean): boolean {
  const name = self.className.split(".").at(-1)!;
  return Object.hasOwn(rules, name) && rules[name]!(self, isSparse);
}

/** The estimators of `(name, estimator)` pairs; texts and None pass on what they are given, and are left out. */
function inside(self: Fitted, attribute: string): Fitted[] {
  return self.items(attribute).flatMap((item, i) => {
    const value = item instanceof PyTuple ? item.items[1] : undefined;
    return value instanceof PyObject ? [self.at(value, `${attribute}[${i}][1]`)] : [];
  });
}

/** A step that others are inside of, some of which would answer a sparse matrix differently: it cannot be given one. */
export function guarded(self: Fitted, step: Step, inner: readonly Step[]): Step {
  if (step.whenSparse || !inner.some(({ whenSparse }) => whenSparse)) return step;
  return {
    ...step,
    whenSparse: () => {
      throw self.unsupported(
        "is given a sparse matrix, and holds an XGBoost model, to which the zeros of one are missing",
        "fit it on dense columns (`sparse_output=False`, `sparse_threshold=0`)",
      );
    },
  };
}
