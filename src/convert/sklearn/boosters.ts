// Pickled boosters: the model that a wrapper holds, and how the wrapper asks it. Rules: xgboost/core.py, lightgbm/basic.py and
// catboost/core.py, __getstate__; xgboost/sklearn.py, XGBModel.predict (trees up to the best iteration, `missing`); lightgbm/basic.py,
// Booster.predict (the same); catboost keeps only the trees that it uses.
import {
  type CatboostModel,
  type Fitted,
  type LightgbmModel,
  lightgbmTreeCount,
  readCbm,
  readLightgbm,
  readXgboostJson,
  readXgboostLegacy,
  readXgboostUbj,
  roundsOf,
  type XgboostModel,
} from "../../formats/index.ts";
import type { Boosted } from "../answers.ts";
import { boostedCatboost, convertCatboost } from "../catboost/index.ts";
import type { Converted, ConvertOptions } from "../converter.ts";
import { boostedLightgbm, convertLightgbm } from "../lightgbm/index.ts";
import { askedInPlace, boostedXgboost, convertXgboost } from "../xgboost/index.ts";
import type { Classes } from "./estimator.ts";
import { classesOf } from "./tree_classes.ts";

/** A model of one of the libraries, and what its Python object adds to the file. */
export interface Booster {
  /** The model as a step of a pipeline. */
  boosted(): Boosted;
  /** The model alone. */
  convert(options: ConvertOptions): Converted;
  /** The classes that it was trained on, null where nothing says them. */
  readonly classes: Classes | null;
}

/** @param predictsAll whether `predict` uses all rounds, as that of xgboost.Booster does; the others ask it in place */
export function xgboostBooster(holder: Fitted, booster: Fitted, predictsAll: boolean): Booster {
  const read = xgboostModel(booster);
  const model = predictsAll ? read : askedInPlace(read);
  const given = holder.optionalNumber("missing");
  const missing = given === null || Number.isNaN(given) ? {} : { missing: given };
  const rounds = predictsAll && model.trees ? { rounds: roundsOf(model) } : {};
  return {
    boosted: () => boostedXgboost(model, { ...missing, ...rounds }),
    convert: (options) => convertXgboost(model, { ...missing, ...rounds, ...options }),
    classes: classesIn(holder, "classes_"),
  };
}

function xgboostModel(booster: Fitted): XgboostModel {
  const handle = booster.get("handle");
  if (!(handle instanceof Uint8Array)) throw booster.invalid("holds no model (`handle`)");
  const start = Buffer.from(handle.buffer, handle.byteOffset, Math.min(handle.length, 16)).toString("latin1");
  if (start.startsWith("{L") || start.startsWith("{$") || start.startsWith("{#"))
    return readXgboostUbj(handle, booster.where);
  if (/^\{\s*"/.test(start)) return readXgboostJson(handle, booster.where);
  // Releases before 1.0 pickled their binary form.
  return readXgboostLegacy(handle, booster.where);
}

export function lightgbmBooster(holder: Fitted, booster: Fitted): Booster {
  const model = lightgbmModel(booster);
  const best = booster.optionalNumber("best_iteration") ?? 0;
  const all = lightgbmTreeCount(model.forest) / model.treesPerIteration;
  const rounds = best > 0 && best < all ? { rounds: best } : {};
  return {
    boosted: () => boostedLightgbm(model, rounds),
    convert: (options) => convertLightgbm(model, { ...rounds, ...options }),
    classes: classesIn(holder, "_classes"),
  };
}

function lightgbmModel(booster: Fitted): LightgbmModel {
  for (const name of ["_handle", "handle", "model_str"]) {
    const text = booster.get(name);
    if (typeof text === "string") return readLightgbm(Buffer.from(text), booster.where);
  }
  throw booster.invalid("holds no model (`_handle`)");
}

export function catboostBooster(self: Fitted): Booster {
  const bytes = self.get("__model");
  if (!(bytes instanceof Uint8Array)) throw self.invalid("holds no model (`__model`): it was not fitted");
  const model: CatboostModel = readCbm(bytes, self.where);
  return {
    boosted: () => boostedCatboost(model, {}),
    convert: (options) => convertCatboost(model, options),
    classes: model.classes,
  };
}

function classesIn(holder: Fitted, name: string): Classes | null {
  return holder.has(name) ? classesOf(holder, holder.array(name)) : null;
}
