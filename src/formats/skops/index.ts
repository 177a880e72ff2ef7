// skops: scikit-learn models as a zip of schema.json and .npy files.
import { IngotError } from "../../core/index.ts";
import { at, numberAt, readJson, textAt } from "../json/index.ts";
import type { PythonModel } from "../python/model.ts";
import { describePython } from "../sklearn/describe.ts";
import type { Tree, TreeFormat } from "../tree.ts";
import { Nodes } from "./nodes.ts";
import { surveySkops } from "./survey.ts";

const largestSchema = 2 ** 28;
const newestProtocol = 2;

export const skops: TreeFormat<PythonModel> = {
  id: "skops",
  title: "skops",
  async detect(tree) {
    if (!tree.entries.some((entry) => entry.path === "schema.json")) return false;
    await using file = await tree.open("schema.json");
    return /"__loader__"|"_skops_version"/.test(Buffer.from(await file.read(0, 65536)).toString("latin1"));
  },
  read: readSkops,
  describe: describePython,
  survey: surveySkops,
};

/** @throws FILE_MALFORMED, MODEL_INVALID, MODEL_UNSUPPORTED and what opening the members throws */
export async function readSkops(tree: Tree): Promise<PythonModel> {
  await using file = await tree.open("schema.json");
  const { value: schema } = readJson(await file.readAll(largestSchema), file.name);
  const protocol = numberAt(schema, "protocol") ?? 0;
  if (protocol > newestProtocol)
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: `skops protocol ${protocol}, at most ${newestProtocol} can be read`,
      where: tree.name,
      fix: "save the model with joblib or pickle instead",
    });
  const nodes = new Nodes(tree.name, async (path) => {
    await using member = await tree.open(path);
    return member.readAll();
  });
  const root = await nodes.value(at(schema), "schema.json");
  const version = textAt(schema, "_skops_version");
  return {
    format: "skops",
    formatVersion: String(protocol),
    source: tree.name,
    root,
    globals: [...nodes.globals.keys()].filter((name) => !name.startsWith("builtins.")),
    facts: version === undefined ? [] : [["skops", version]],
  };
}
