// xgboost: models that XGBoost saved as JSON or UBJSON (`Booster.save_model`), versions 1.0 to 3.x. One reader over two cursors.
import type { FileSource, Format } from "../format.ts";
import { describeXgboost } from "./describe.ts";
import { JsonCursor } from "./json_cursor.ts";
import type { XgboostModel } from "./model.ts";
import { readLearner } from "./read.ts";
import { UbjCursor } from "./ubj_cursor.ts";

export { tornNote, xgboostColumnType } from "./describe.ts";
export { readXgboostLegacy, xgboostLegacy } from "./legacy.ts";
export { groupsOf, isBefore, roundsOf, type XgboostModel, type XgboostTrees } from "./model.ts";
export { type XgboostLink, type XgboostObjective, xgboostObjectiveOf, xgboostObjectives } from "./objective.ts";

/** A learner or a booster with its configuration; the version may stand first. Source maps and package files have a `version` too. */
const jsonStart =
  /^\s*\{\s*("(Config|Model)"\s*:\s*\{\s*)?("version"\s*:\s*\[[\s\d,]*\]\s*,\s*)?"learner"\s*:\s*\{\s*"(attributes|feature_|generic_param|gradient_booster|learner_|metrics|objective)/;
/** What `\s` takes of Latin-1. */
const spaces = "\t\n\v\f\r \xa0";
/** `{`, then a key: `L`, its length in 8 bytes, its text; then what kind of value it has. */
const ubjStarts = ["learner{", "version[", "Config{", "Model{"].map(
  (key) => `{L${"\0".repeat(7)}${String.fromCharCode(key.length - 1)}${key}`,
);

export const xgboostJson: Format<XgboostModel> = {
  id: "xgboost-json",
  title: "XGBoost JSON",
  firstBytes: `${spaces}{`,
  detect(head: Uint8Array): boolean {
    return jsonStart.test(latin1(head, 1024));
  },
  async read(file: FileSource): Promise<XgboostModel> {
    return readXgboostJson(await file.readAll(), file.name);
  },
  describe: describeXgboost,
};

export const xgboostUbj: Format<XgboostModel> = {
  id: "xgboost-ubj",
  title: "XGBoost UBJSON",
  firstBytes: "{",
  detect(head: Uint8Array): boolean {
    const text = latin1(head, 32);
    return ubjStarts.some((start) => text.startsWith(start));
  },
  async read(file: FileSource): Promise<XgboostModel> {
    return readXgboostUbj(await file.readAll(), file.name);
  },
  describe: describeXgboost,
};

/** @throws IngotError MODEL_INVALID (naming tree and field), MODEL_UNSUPPORTED, FILE_MALFORMED, FILE_TRUNCATED */
export function readXgboostJson(bytes: Uint8Array, source: string): XgboostModel {
  return readLearner(new JsonCursor(bytes, source), source, "json");
}

/** @throws IngotError as `readXgboostJson` */
export function readXgboostUbj(bytes: Uint8Array, source: string): XgboostModel {
  return readLearner(new UbjCursor(bytes, source), source, "ubj");
}

function latin1(bytes: Uint8Array, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, length)).toString("latin1");
}
