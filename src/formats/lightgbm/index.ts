// lightgbm: models that LightGBM saved as text (`Booster.save_model`), versions 2.x to 4.x.
import type { FileSource, Format } from "../format.ts";
import { describeLightgbm } from "./describe.ts";
import { readFooter } from "./footer.ts";
import { readHeader } from "./header.ts";
import { ModelText } from "./lines.ts";
import type { LightgbmModel } from "./model.ts";
import { readTrees } from "./trees.ts";

export { type Columns, type LightgbmColumn, lightgbmColumns } from "./columns.ts";
export { columnTypeOf } from "./describe.ts";
export {
  type CategorySets,
  type LightgbmCategory,
  type LightgbmForest,
  type LightgbmModel,
  type LinearLeaves,
  lightgbmTreeCount,
  missingType,
  type Objective,
  splitBits,
} from "./model.ts";
export { type LightgbmObjective, objectiveLinks } from "./objective.ts";

export const lightgbm: Format<LightgbmModel> = {
  id: "lightgbm-text",
  title: "LightGBM text",

  firstBytes: "t",
  detect(head: Uint8Array): boolean {
    const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, 1024)).toString("latin1");
    return /^tree\r?\n/.test(text) && /^(version=v|num_class=)/m.test(text);
  },

  async read(file: FileSource): Promise<LightgbmModel> {
    return readLightgbm(await file.readAll(), file.name);
  },

  describe: describeLightgbm,
};

/**
 * Reads a model from the bytes of its file.
 * @throws IngotError MODEL_INVALID (naming tree and field), MODEL_UNSUPPORTED, FILE_TRUNCATED
 */
export function readLightgbm(bytes: Uint8Array, source: string): LightgbmModel {
  const text = new ModelText(bytes, source);
  const header = readHeader(text);
  const { forest, end } = readTrees(text, header);
  const { numClass, treesPerIteration, objective, averageOutput, featureNames, domains, version } = header;
  const shared = { source, version, numClass, treesPerIteration, objective, averageOutput, featureNames, domains };
  return { ...shared, forest, ...readFooter(text, end) };
}
