// The nearest of fitted centres. Rules: sklearn/cluster/_mean_shift.py, MeanShift.predict; _affinity_propagation.py,
// AffinityPropagation.predict; _birch.py, Birch.predict (label of the nearest subcluster) and transform; _bisect_k_means.py,
// BisectingKMeans._predict_recursive (the nearer half, down a tree).
import type { Fitted } from "../../formats/index.ts";
import { type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { denseRows, emitDense, fittedMatrix, mapped, oneBlock, rowArgMax, tableOf } from "./dense.ts";
import { distanceRows, emitDistances } from "./distances.ts";
import type { Cluster, Estimator, Matrix, Transform } from "./estimator.ts";
import { numberColumns } from "./tree_input.ts";

const squared = { name: "sqeuclidean" } as const;

function emitNearest(g: GraphBuilder, x: Value, centers: Matrix): Value {
  return g.op("ArgMin", [emitDistances(g, x, centers, squared)], { axis: 1, keepdims: 0 }, { name: "nearest" });
}

function nearestRows(x: Matrix, centers: Matrix): Int32Array {
  return rowArgMax(mapped(distanceRows(x, centers, squared), (value) => -value));
}

function distancesTo(centers: Matrix): Transform {
  return {
    emit: (x, { g }) => oneBlock(emitDistances(g, emitDense(g, x), centers, { name: "euclidean" }), centers.rows),
    evaluate: (x) => tableOf(distanceRows(denseRows(x), centers, { name: "euclidean" })),
  };
}

export const centerClusters: Estimator = {
  classes: [
    "sklearn.cluster._mean_shift.MeanShift",
    "sklearn.cluster.mean_shift_.MeanShift",
    "sklearn.cluster._affinity_propagation.AffinityPropagation",
    "sklearn.cluster.affinity_propagation_.AffinityPropagation",
  ],
  read(self) {
    if (!self.has("cluster_centers_")) throw self.unsupported("has no centres to predict with");
    const centers = fittedMatrix(self, "cluster_centers_");
    if (centers.rows === 0) throw self.unsupported("has not converged: it has no centres");
    return {
      columns: numberColumns(centers.columns),
      cluster: {
        count: centers.rows,
        emit: (x, { g }) => ({ index: emitNearest(g, emitDense(g, x), centers) }),
        evaluate: (x) => ({ index: nearestRows(denseRows(x), centers) }),
      },
    };
  },
};

export const birch: Estimator = {
  classes: ["sklearn.cluster._birch.Birch", "sklearn.cluster.birch.Birch"],
  read(self) {
    const centers = fittedMatrix(self, "subcluster_centers_");
    const labels = Array.from(self.floats("subcluster_labels_"));
    if (labels.length !== centers.rows) throw self.invalid("has not one label per subcluster");
    return {
      columns: numberColumns(centers.columns),
      transform: distancesTo(centers),
      cluster: {
        count: Math.max(...labels) + 1,
        emit(x, { g }) {
          const nearest = emitNearest(g, emitDense(g, x), centers);
          return { index: g.op("Gather", [g.constant(int64(labels)), nearest], { axis: 0 }, { name: "cluster" }) };
        },
        evaluate: (x) => ({ index: nearestRows(denseRows(x), centers).map((at) => labels[at]!) }),
      },
    };
  },
};

/** A cluster, or two halves with their centres. */
type Half = { readonly label: number } | { readonly centers: Matrix; readonly left: Half; readonly right: Half };

/** Deepest bisection: a chain of all clusters. */
const depthLimit = 1000;

function halfOf(node: Fitted, mean: Float64Array | null, depth = 0): Half {
  if (depth > depthLimit) throw node.invalid(`bisects more than ${depthLimit} times`);
  const [left, right] = [node.optionalChild("left"), node.optionalChild("right")];
  if (!left || !right) return { label: node.number("label") };
  const halves = [left, right].map((child) => child.floats("center"));
  const columns = halves[0]!.length;
  const data = Float64Array.from(
    halves.flatMap((center) => Array.from(center, (value, f) => value + (mean?.[f] ?? 0))),
  );
  return {
    centers: { rows: 2, columns, data },
    left: halfOf(left, mean, depth + 1),
    right: halfOf(right, mean, depth + 1),
  };
}

function emitHalf(g: GraphBuilder, x: Value, half: Half): Value {
  if ("label" in half) return g.constant(int64([half.label]));
  const isRight = g.op("Cast", [emitNearest(g, x, half.centers)], { to: 9 });
  return g.op("Where", [isRight, emitHalf(g, x, half.right), emitHalf(g, x, half.left)]);
}

export const bisectingKMeans: Estimator = {
  classes: ["sklearn.cluster._bisect_k_means.BisectingKMeans"],
  read(self) {
    const centers = fittedMatrix(self, "cluster_centers_");
    const root = halfOf(self.child("_bisecting_tree"), self.has("_X_mean") ? self.floats("_X_mean") : null);
    if ("label" in root) throw self.unsupported("has a single cluster");
    const cluster: Cluster = {
      count: centers.rows,
      emit: (x, { g }) => ({ index: emitHalf(g, emitDense(g, x), root) }),
      evaluate(table) {
        const x = denseRows(table);
        return {
          index: Int32Array.from({ length: x.rows }, (_, row) => {
            const data = x.data.subarray(row * x.columns, (row + 1) * x.columns);
            let half: Half = root;
            while ("centers" in half)
              half = nearestRows({ rows: 1, columns: x.columns, data }, half.centers)[0] === 1 ? half.right : half.left;
            return half.label;
          }),
        };
      },
    };
    return { columns: numberColumns(centers.columns), transform: distancesTo(centers), cluster };
  },
};
