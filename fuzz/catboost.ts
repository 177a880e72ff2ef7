// CatBoost: detection, both readers, and conversion of what they accept.
import { convertModel } from "../src/convert/index.ts";
import { type CatboostModel, catboostColumns, detectFormat, memoryFile } from "../src/formats/index.ts";

export const name = "catboost";

export async function target(bytes: Uint8Array): Promise<void> {
  const file = memoryFile(bytes, "fuzz.cbm");
  const format = await detectFormat(file);
  if (!format.id.startsWith("catboost")) return;
  const model = (await format.read(file)) as CatboostModel;
  format.describe(model);
  const inputs = catboostColumns(model).map(({ name }) => ({ name, categories: ["a", "b"] }));
  convertModel(format, model, model.categorical.length > 0 ? { inputs } : {});
}
