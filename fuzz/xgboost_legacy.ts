// XGBoost's old binary format.
import { memoryFile, xgboostLegacy } from "../src/formats/index.ts";

export const name = "xgboost_legacy";

export async function target(bytes: Uint8Array): Promise<void> {
  xgboostLegacy.describe(await xgboostLegacy.read(memoryFile(bytes, "fuzz.bin")));
}
