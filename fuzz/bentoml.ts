// BentoML: the description of a bento, and of a model in its store.
import { folderTarget } from "./readers.ts";

export const name = "bentoml";

const bento = folderTarget("bentoml", "folder", "bento.yaml", ["src/service.py", "apis/openapi.yaml"]);
const model = folderTarget("bentoml", "folder", "model.yaml", ["saved_model.pkl"]);

/** A bento names its service first. */
export function target(bytes: Uint8Array): void | Promise<void> {
  return bytes[0] === 0x73 ? bento(bytes) : model(bytes);
}
