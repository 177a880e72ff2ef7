// catboost: models saved as `.cbm` or JSON.
import type { FileSource, Format } from "../format.ts";
import { cbmMagic, readCbm } from "./cbm.ts";
import { describeCatboost } from "./describe.ts";
import { readCatboostJson } from "./json.ts";
import type { CatboostModel } from "./model.ts";

export { readCbm } from "./cbm.ts";
export { type CatboostLink, catboostColumns, catboostLink } from "./describe.ts";
export { type CatboostModel, catboostTreeCount } from "./model.ts";

export const catboostCbm: Format<CatboostModel> = {
  id: "catboost-cbm",
  title: "CatBoost binary",
  firstBytes: "C",
  detect: (head) => Buffer.from(head.subarray(0, 4)).toString("latin1") === cbmMagic,
  read: async (file: FileSource) => readCbm(await file.readAll(), file.name),
  describe: describeCatboost,
};

/** Keys of the file in the order in which CatBoost writes them: one of these comes first. */
const firstKey = /^\s*\{\s*"(ctr_data|features_info|model_info|oblivious_trees|scale_and_bias)"\s*:/;

/** One JavaScript string holds no more. */
const textLimit = 500 * 1024 * 1024;

export const catboostJson: Format<CatboostModel> = {
  id: "catboost-json",
  title: "CatBoost JSON",
  firstBytes: "{",
  detect: (head) => head[0] === 0x7b && firstKey.test(Buffer.from(head.subarray(0, 256)).toString("latin1")),
  read: async (file: FileSource) => readCatboostJson(await file.readAll(textLimit), file.name),
  describe: describeCatboost,
};
