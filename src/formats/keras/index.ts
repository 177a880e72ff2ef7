// keras: the configuration of a model as a JSON file, and the `.keras` archive around it. Nothing is imported or built.
import { IngotError, quoted } from "../../core/index.ts";
import type { FileSource, Format, ModelDescription } from "../format.ts";
import { type Hdf5Model, hdf5 } from "../hdf5/index.ts";
import { weightsOf } from "../hdf5/weights.ts";
import { isObject, type JsonObject, readJson, textAt } from "../json/index.ts";
import type { TreeFormat } from "../tree.ts";
import { observeKeras } from "./config.ts";
import { pictureOf } from "./picture.ts";

interface KerasConfig {
  readonly root: JsonObject;
  readonly duplicates: readonly string[];
}

const largestConfig = 256 << 20;

/** `config.json` of a `.keras` archive, or what `model.to_json()` gives. */
export const kerasConfig: Format<KerasConfig> = {
  id: "keras-config",
  title: "Keras configuration",
  detect: isKerasConfig,
  read: readConfig,
  describe: ({ root }) => describeConfig(root),
  async survey(file, survey) {
    try {
      const { root, duplicates } = await readConfig(file);
      for (const key of duplicates)
        survey.observe({ kind: "anomaly", subject: "duplicate", detail: `the key ${quoted(key)} stands twice` });
      for (const observation of observeKeras(root)) survey.observe(observation);
      survey.covered(0, file.size);
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      survey.observe({ kind: "anomaly", subject: "structure", detail: error.message });
    }
  },
};

interface KerasArchive {
  readonly config: JsonObject;
  readonly version: string | undefined;
  readonly weights: Hdf5Model | null;
}

/** The archive that Keras 3 writes; its members are surveyed one by one as what they are. */
export const kerasArchive: TreeFormat<KerasArchive> = {
  id: "keras",
  title: "Keras archive (.keras)",
  detect(tree) {
    const names = new Set(tree.entries.map(({ path }) => path));
    return (
      names.has("config.json") &&
      names.has("metadata.json") &&
      [...names].some((name) => /^model\.weights\./.test(name))
    );
  },
  async read(tree) {
    await using file = await tree.open("config.json");
    const { root } = await readConfig(file);
    await using about = await tree.open("metadata.json");
    const { value } = readJson(await about.readAll(1 << 20), about.name);
    const hasWeights = tree.entries.some(({ path }) => path === "model.weights.h5");
    if (!hasWeights) return { config: root, version: textAt(value, "keras_version"), weights: null };
    await using weights = await tree.open("model.weights.h5");
    return { config: root, version: textAt(value, "keras_version"), weights: await hdf5.read(weights) };
  },
  describe({ config, version, weights }) {
    const described = describeConfig(config);
    const stored = weights && weightsOf(weights);
    return {
      ...described,
      ...stored,
      format: "keras",
      producer: { name: "Keras", ...(version === undefined ? {} : { version }) },
      facts: [...described.facts, ...(stored?.facts ?? [])],
    };
  },
};

function isKerasConfig(head: Uint8Array, size: number): boolean {
  let first = 0;
  while (head[first] === 32 || head[first] === 10 || head[first] === 13 || head[first] === 9) first++;
  if (head[first] !== 0x7b) return false;
  if (size <= head.length)
    try {
      const { value } = readJson(head, "head");
      return isObject(value) && typeof value.get("class_name") === "string" && value.has("config");
    } catch {
      return false;
    }
  const text = Buffer.from(head.subarray(first)).toString("latin1");
  return (
    /^\{\s*"(module|class_name|registered_name|config|keras_version|backend)"/.test(text) && /"class_name"/.test(text)
  );
}

async function readConfig(file: FileSource): Promise<KerasConfig> {
  const { value, duplicates } = readJson(await file.readAll(largestConfig), file.name);
  if (isObject(value)) return { root: value, duplicates };
  throw new IngotError("FILE_MALFORMED", { what: "a Keras configuration is an object", where: file.name });
}

function describeConfig(root: JsonObject): ModelDescription {
  const version = textAt(root, "keras_version");
  return {
    format: "keras-config",
    producer: { name: "Keras", ...(version === undefined ? {} : { version }) },
    ...pictureOf(root),
  };
}
