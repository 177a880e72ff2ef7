// Clusters around centres. Rule: sklearn/cluster/_kmeans.py, _BaseKMeans.predict (nearest centre) and transform (Euclidean distances).
import { denseRows, emitDense, fittedMatrix, mapped, oneBlock, rowArgMax, tableOf } from "./dense.ts";
import { distanceRows, emitDistances } from "./distances.ts";
import type { Estimator } from "./estimator.ts";
import { numberColumns } from "./tree_input.ts";

export const kMeans: Estimator = {
  classes: [
    ...["KMeans", "MiniBatchKMeans"].flatMap((name) => [
      `sklearn.cluster._kmeans.${name}`,
      `sklearn.cluster.k_means_.${name}`,
    ]),
  ],
  read(self) {
    const centers = fittedMatrix(self, "cluster_centers_");
    return {
      columns: numberColumns(centers.columns),
      transform: {
        emit: (x, { g }) => oneBlock(emitDistances(g, emitDense(g, x), centers, { name: "euclidean" }), centers.rows),
        evaluate: (x) => tableOf(distanceRows(denseRows(x), centers, { name: "euclidean" })),
      },
      cluster: {
        count: centers.rows,
        emit(x, { g }) {
          const distances = emitDistances(g, emitDense(g, x), centers, { name: "sqeuclidean" });
          return { index: g.op("ArgMin", [distances], { axis: 1, keepdims: 0 }, { name: "cluster" }) };
        },
        evaluate: (x) => ({
          index: rowArgMax(mapped(distanceRows(denseRows(x), centers, { name: "sqeuclidean" }), (value) => -value)),
        }),
      },
    };
  },
};
