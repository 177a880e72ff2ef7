// X times random components. Rule: sklearn/random_projection.py, transform of BaseRandomProjection and its two classes.

import { projection } from "./decomposition.ts";
import { fittedMatrix, transposed } from "./dense.ts";
import type { Estimator } from "./estimator.ts";

export const randomProjection: Estimator = {
  classes: ["sklearn.random_projection.GaussianRandomProjection", "sklearn.random_projection.SparseRandomProjection"],
  read: (self) => projection(null, transposed(fittedMatrix(self, "components_")), null),
};
