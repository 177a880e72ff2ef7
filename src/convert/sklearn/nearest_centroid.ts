// The class of the nearest mean. Rule: sklearn/neighbors/_nearest_centroid.py, NearestCentroid.predict. From 1.6 on priors that are
// not all alike make it a discriminant, which is refused; its probabilities of those releases are not answered.
import { denseRows, emitDense, fittedMatrix, mapped, rowArgMax } from "./dense.ts";
import { distanceRows, emitFeatureDistances, type Metric } from "./distances.ts";
import type { Classes, Estimator } from "./estimator.ts";
import { readTargets } from "./tree_classes.ts";
import { numberColumns } from "./tree_input.ts";

export const nearestCentroid: Estimator = {
  classes: [
    "sklearn.neighbors._nearest_centroid.NearestCentroid",
    "sklearn.neighbors.nearest_centroid.NearestCentroid",
  ],
  read(self) {
    const [classes] = readTargets(self) as [Classes];
    const centers = fittedMatrix(self, "centroids_");
    if (centers.rows !== classes.length) throw self.invalid("has not one centroid per class");
    const metric = self.get("metric");
    if (metric !== "euclidean" && metric !== "manhattan")
      throw self.unsupported("has a metric of its own", "use euclidean or manhattan");
    const share = 1 / classes.length;
    if (
      self.has("class_prior_") &&
      self.floats("class_prior_").some((prior) => Math.abs(prior - share) > 1e-8 + 1e-5 * share)
    )
      throw self.unsupported("weighs classes by unequal priors", 'fit it with `priors="uniform"`');
    const squared: Metric = { name: metric === "euclidean" ? "sqeuclidean" : "manhattan" };
    return {
      columns: numberColumns(centers.columns),
      classify: {
        targets: [classes],
        emit(x, { g }) {
          const distances = emitFeatureDistances(g, emitDense(g, x), centers, squared);
          return [{ index: g.op("ArgMin", [distances], { axis: 1, keepdims: 0 }, { name: "nearest" }) }];
        },
        evaluate: (x) => [
          { index: rowArgMax(mapped(distanceRows(denseRows(x), centers, squared), (value) => -value)) },
        ],
      },
    };
  },
};
