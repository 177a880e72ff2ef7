// Estimators that answer with another one inside them. Rules: sklearn/model_selection/_search.py, BaseSearchCV.predict;
// sklearn/frozen/_frozen.py.
import type { Estimator } from "./estimator.ts";

export const searchWrappers: Estimator = {
  classes: [
    "sklearn.model_selection._search.GridSearchCV",
    "sklearn.model_selection._search.RandomizedSearchCV",
    "sklearn.model_selection._search_successive_halving.HalvingGridSearchCV",
    "sklearn.model_selection._search_successive_halving.HalvingRandomSearchCV",
  ],
  read(self, nested) {
    if (!self.has("best_estimator_"))
      throw self.unsupported("was fitted with refit=False and keeps no estimator", "fit it with refit=True");
    return nested(self.child("best_estimator_"));
  },
};

export const frozenEstimator: Estimator = {
  classes: ["sklearn.frozen._frozen.FrozenEstimator"],
  read: (self, nested) => nested(self.child("estimator")),
};
