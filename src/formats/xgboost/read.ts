// From a cursor to the described model: the learner's members in whatever order the file has them.
// Rule: dmlc/xgboost src/learner.cc (LearnerIO), src/gbm/gbtree.cc and gbtree_model.cc, src/gbm/gblinear.cc (SaveModel).
import { IngotError } from "../../core/index.ts";
import { readCategories } from "./categories.ts";
import { type Cursor, float32Column, int32Column, numbersOf } from "./cursor.ts";
import { type Draft, described, emptyDraft } from "./draft.ts";
import type { XgboostModel } from "./model.ts";
import { TreeCollector } from "./trees.ts";

/** @throws IngotError MODEL_INVALID, MODEL_UNSUPPORTED, FILE_MALFORMED, FILE_TRUNCATED */
export function readLearner(cursor: Cursor, source: string, form: XgboostModel["form"]): XgboostModel {
  const trees = new TreeCollector(source);
  const draft = emptyDraft();
  const document = (key: string): void => {
    if (key === "learner") {
      if (draft.hasLearner) throw secondModel(cursor);
      draft.hasLearner = true;
      cursor.object((member) => readMember(cursor, member, draft, trees));
    } else if (key === "version") draft.version = versionOf(cursor);
    // A pickled Booster keeps the model beside its configuration.
    else if (key === "Model") cursor.object(document);
    else cursor.skip();
  };
  cursor.object(document);
  cursor.end();
  return described(draft, trees, source, form);
}

function readMember(cursor: Cursor, key: string, draft: Draft, trees: TreeCollector): void {
  switch (key) {
    case "learner_model_param":
      draft.params = textMap(cursor);
      break;
    case "objective":
      cursor.object((member) => {
        if (member === "name") draft.objective = cursor.text();
        else cursor.skip();
      });
      break;
    case "attributes":
      draft.attributes = textMap(cursor);
      break;
    case "feature_names":
      draft.featureNames = texts(cursor);
      break;
    case "feature_types":
      draft.featureTypes = texts(cursor);
      break;
    case "gradient_booster":
      readBooster(cursor, draft, trees);
      break;
    default:
      cursor.skip();
  }
}

function readBooster(cursor: Cursor, draft: Draft, trees: TreeCollector): void {
  cursor.object((key) => {
    if (key === "name") draft.boosters.push(cursor.text());
    // DART before 3.3 wraps a gbtree.
    else if (key === "gbtree") readBooster(cursor, draft, trees);
    else if (key === "weight_drop") draft.outerWeightDrop = numbersOf(cursor, float32Column(), key);
    else if (key === "model") readTreeModel(cursor, draft, trees);
    else cursor.skip();
  });
}

function readTreeModel(cursor: Cursor, draft: Draft, trees: TreeCollector): void {
  if (draft.hasModel) throw secondModel(cursor);
  draft.hasModel = true;
  cursor.object((key) => {
    switch (key) {
      case "gbtree_model_param": {
        const params = textMap(cursor);
        draft.parallelTrees = params["num_parallel_tree"] ?? null;
        draft.treeCount = params["num_trees"] ?? null;
        break;
      }
      case "iteration_indptr":
        draft.roundStart = numbersOf(cursor, int32Column(), key);
        break;
      case "tree_info":
        draft.group = numbersOf(cursor, int32Column(), key);
        break;
      case "trees":
        draft.hasTrees = true;
        cursor.array(() => trees.add(cursor));
        break;
      case "weight_drop":
        draft.weightDrop = numbersOf(cursor, float32Column(), key);
        break;
      case "weights":
        draft.weights = numbersOf(cursor, float32Column(), key);
        break;
      case "cats":
        draft.categories = readCategories(cursor);
        break;
      default:
        cursor.skip();
    }
  });
}

/** Trees of two models would be added up. */
function secondModel(cursor: Cursor): IngotError {
  return new IngotError("MODEL_INVALID", {
    what: "the file holds a second model",
    where: cursor.where(),
    fix: "save the model again with `Booster.save_model`",
  });
}

function versionOf(cursor: Cursor): [number, number, number] | null {
  const parts = numbersOf(cursor, int32Column(), "version");
  return parts.length === 3 ? [parts[0]!, parts[1]!, parts[2]!] : null;
}

/** An object of texts (XGBoost keeps its parameters as text); other values are passed over. */
function textMap(cursor: Cursor): Record<string, string> {
  const map: Record<string, string> = Object.create(null);
  cursor.object((key) => {
    if (cursor.kind() === "string") map[key] = cursor.text();
    else cursor.skip();
  });
  return map;
}

function texts(cursor: Cursor): string[] {
  const list: string[] = [];
  cursor.array(() => {
    list.push(cursor.text());
  });
  return list;
}
