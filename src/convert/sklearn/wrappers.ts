// Estimators that answer with another one inside them. Rules: sklearn/model_selection/_search.py, BaseSearchCV.predict;
// sklearn/frozen/_frozen.py.
import { int64 } from "../../onnx/index.ts";
import { denseRows, emitFlat, tableOf } from "./dense.ts";
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

/** Rule: sklearn/semi_supervised/_self_training.py: labels are made up in training only. */
export const selfTraining: Estimator = {
  classes: ["sklearn.semi_supervised._self_training.SelfTrainingClassifier"],
  read: (self, nested) => nested(self.child(self.has("estimator_") ? "estimator_" : "base_estimator_")),
};

export const frozenEstimator: Estimator = {
  classes: ["sklearn.frozen._frozen.FrozenEstimator"],
  read: (self, nested) => nested(self.child("estimator")),
};

/** Rule: sklearn/compose/_target.py, TransformedTargetRegressor.predict: the inverse transformation of what the regressor predicts. */
export const transformedTarget: Estimator = {
  classes: ["sklearn.compose._target.TransformedTargetRegressor"],
  read(self, nested) {
    const regressor = nested(self.child("regressor_"));
    const inverse = nested(self.child("transformer_")).transform?.inverse;
    const regress = regressor.regress;
    if (!regress) throw self.invalid("holds a regressor that cannot predict");
    if (!inverse)
      throw self.unsupported(`undoes ${self.child("transformer_").className} on its target, which is not converted`);
    return {
      columns: regressor.columns,
      regress: {
        targets: self.optionalNumber("_training_dim") === 1 || regress.targets === null ? null : regress.targets,
        emit(x, emission) {
          const { g } = emission;
          const predicted = regress.emit(x, emission);
          const isFlat = regress.targets === null;
          const width = regress.targets ?? 1;
          const column = isFlat ? g.op("Unsqueeze", [predicted, g.constant(int64([1]))]) : predicted;
          const undone = inverse.emit({ blocks: [{ value: column, width }] }, emission).blocks[0]!.value;
          return self.optionalNumber("_training_dim") === 1 || isFlat ? emitFlat(g, undone) : undone;
        },
        evaluate: (x) => denseRows(inverse.evaluate(tableOf(regress.evaluate(x)))),
      },
    };
  },
};
