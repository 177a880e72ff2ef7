// The table of every scikit-learn class that can be converted. Members never know it: nested estimators are read through `readStep`.

import { nearest } from "../../core/index.ts";
import { type Fitted, PyGlobal, PyObject } from "../../formats/index.ts";
import * as adaBoost from "./ada_boost.ts";
import * as adaBoostRegressor from "./ada_boost_regressor.ts";
import * as bagging from "./bagging.ts";
import * as boosterWrappers from "./booster_wrappers.ts";
import * as calibration from "./calibration.ts";
import * as centers from "./centers.ts";
import * as classifierChain from "./classifier_chain.ts";
import * as columnTransformer from "./column_transformer.ts";
import * as decomposition from "./decomposition.ts";
import * as discretizer from "./discretizer.ts";
import * as dummy from "./dummy.ts";
import * as encoders from "./encoders.ts";
import type { Estimator, Step } from "./estimator.ts";
import * as featureAgglomeration from "./feature_agglomeration.ts";
import * as featureSelection from "./feature_selection.ts";
import * as forest from "./forest.ts";
import * as forestEmbedding from "./forest_embedding.ts";
import * as functions from "./functions.ts";
import * as gaussianProcess from "./gaussian_process.ts";
import * as gradientBoosting from "./gradient_boosting.ts";
import * as histGradientBoosting from "./hist_gradient_boosting.ts";
import * as imputers from "./imputers.ts";
import * as isolationForest from "./isolation_forest.ts";
import * as isotonic from "./isotonic.ts";
import * as iterativeImputer from "./iterative_imputer.ts";
import * as kMeans from "./k_means.ts";
import * as kernelModels from "./kernel_models.ts";
import * as knnImputer from "./knn_imputer.ts";
import * as linearModel from "./linear_model.ts";
import * as mixtures from "./mixtures.ts";
import * as multiclass from "./multiclass.ts";
import * as multioutput from "./multioutput.ts";
import * as naiveBayes from "./naive_bayes.ts";
import * as nearestCentroid from "./nearest_centroid.ts";
import * as neighbors from "./neighbors.ts";
import * as neuralNetwork from "./neural_network.ts";
import * as outliers from "./outliers.ts";
import * as pipeline from "./pipeline.ts";
import * as pls from "./pls.ts";
import * as polynomial from "./polynomial.ts";
import * as power from "./power.ts";
import { loosened } from "./promises.ts";
import * as quantile from "./quantile.ts";
import * as radiusNeighbors from "./radius_neighbors.ts";
import * as randomProjection from "./random_projection.ts";
import * as scalers from "./scalers.ts";
import { guarded } from "./sparse_output.ts";
import * as spline from "./spline.ts";
import * as stacking from "./stacking.ts";
import * as supportVectors from "./support_vectors.ts";
import * as textVectorizers from "./text_vectorizers.ts";
import * as thresholds from "./thresholds.ts";
import * as tree from "./tree.ts";
import * as voting from "./voting.ts";
import * as wrappers from "./wrappers.ts";

/** A file of the table: its estimators are its exports that have `classes` and `read`. */
const families: readonly object[] = [
  pipeline,
  columnTransformer,
  wrappers,
  linearModel,
  tree,
  forest,
  forestEmbedding,
  gradientBoosting,
  histGradientBoosting,
  boosterWrappers,
  isolationForest,
  bagging,
  adaBoost,
  adaBoostRegressor,
  dummy,
  naiveBayes,
  neuralNetwork,
  kMeans,
  decomposition,
  scalers,
  encoders,
  imputers,
  featureSelection,
  functions,
  textVectorizers,
  quantile,
  power,
  polynomial,
  discretizer,
  featureAgglomeration,
  randomProjection,
  iterativeImputer,
  knnImputer,
  spline,
  calibration,
  multiclass,
  multioutput,
  classifierChain,
  stacking,
  thresholds,
  voting,
  isotonic,
  supportVectors,
  neighbors,
  radiusNeighbors,
  gaussianProcess,
  nearestCentroid,
  outliers,
  centers,
  mixtures,
  kernelModels,
  pls,
];

export const estimators: readonly Estimator[] = families.flatMap((family) => Object.values(family).filter(isEstimator));

function isEstimator(value: unknown): value is Estimator {
  return typeof value === "object" && value !== null && "classes" in value && "read" in value;
}

const byClass = new Map(estimators.flatMap((estimator) => estimator.classes.map((name) => [name, estimator] as const)));

/** Deepest nesting of estimators in one another. */
const depthLimit = 32;

/** Reads an estimator and everything inside it. @throws IngotError MODEL_UNSUPPORTED naming class, path and version */
export function readStep(self: Fitted, depth = 0): Step {
  const estimator = byClass.get(self.className);
  if (!estimator) throw self.unsupported(`${nameOf(self)} cannot be converted`, helpFor(self));
  if (depth > depthLimit) throw self.unsupported(`holds estimators more than ${depthLimit} levels deep`);
  const inner: Step[] = [];
  const step = estimator.read(self, (child) => {
    const read = readStep(child, depth + 1);
    inner.push(read);
    return read;
  });
  const notes = new Set([step, ...inner].flatMap((one) => one.notes ?? []));
  return { ...guarded(self, loosened(step, inner), inner), notes: [...notes] };
}

function nameOf(self: Fitted): string {
  if (self.value instanceof PyObject || self.value instanceof PyGlobal)
    return self.className || "an object without a class";
  return "what is stored here";
}

function helpFor(self: Fitted): string {
  const short = self.className.split(".").at(-1) ?? "";
  const like = nearest(
    short,
    [...byClass.keys()].map((name) => name.split(".").at(-1)!),
  );
  const list = "`ingot formats --estimators` lists what can be converted";
  if (!self.className.startsWith("sklearn."))
    return `replace it by an estimator of scikit-learn, or export this step to ONNX and name that under \`model:\`; ${list}`;
  return like && like !== short ? `${list}; the nearest is ${like}` : list;
}
