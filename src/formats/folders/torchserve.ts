// torchserve: an archive (.mar) of a model and the handler that serves it. Rule: model-archiver/model_archiver/manifest_components.
import { IngotError } from "../../core/index.ts";
import type { ModelDescription } from "../format.ts";
import { at, isObject, type JsonValue, readJson, textAt } from "../json/index.ts";
import type { Tree, TreeFormat } from "../tree.ts";

interface MarModel {
  readonly manifest: JsonValue;
  readonly files: readonly string[];
}

const manifest = "MAR-INF/MANIFEST.json";
const largest = 4 << 20;
/** Handlers that TorchServe brings itself. */
const builtIn = /^(image_classifier|image_segmenter|object_detector|text_classifier|text_to_speech|base_handler)$/;

export const torchserve: TreeFormat<MarModel> = {
  id: "torchserve",
  title: "TorchServe archive (.mar)",
  detect: (tree) => tree.entries.some(({ path, kind }) => path === manifest && kind === "file"),
  read: readMar,
  describe: describeMar,
  async survey(tree, survey) {
    try {
      const { manifest: root, files } = await readMar(tree);
      const handler = textAt(root, "model", "handler");
      if (handler !== undefined && !builtIn.test(handler))
        survey.observe({ kind: "remote-code", key: "model.handler", value: handler });
      for (const key of ["handler", "serializedFile", "modelFile", "requirementsFile"]) {
        const path = textAt(root, "model", key)?.split(":", 1)[0];
        if (path === undefined || (key === "handler" && builtIn.test(path))) continue;
        survey.observe({ kind: "path", path, purpose: `the manifest names the ${key}` });
        if (!files.includes(path) && key !== "handler")
          survey.observe({
            kind: "anomaly",
            subject: "truncated",
            detail: `the manifest names ${path}, which is not there`,
          });
      }
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      survey.observe({ kind: "anomaly", subject: "structure", detail: error.what });
    }
  },
};

async function readMar(tree: Tree): Promise<MarModel> {
  await using file = await tree.open(manifest);
  const { value } = readJson(await file.readAll(largest), manifest);
  if (!isObject(at(value, "model")))
    throw new IngotError("MODEL_INVALID", { what: "the manifest names no model", where: `${tree.name}!/${manifest}` });
  return { manifest: value, files: tree.entries.map(({ path }) => path) };
}

function describeMar({ manifest: root, files }: MarModel): ModelDescription {
  const version = textAt(root, "archiverVersion");
  const facts: [string, string][] = [];
  for (const [label, key] of [
    ["model", "serializedFile"],
    ["class", "modelFile"],
    ["handler", "handler"],
    ["requirements", "requirementsFile"],
  ] as const) {
    const value = textAt(root, "model", key);
    if (value !== undefined) facts.push([label, value]);
  }
  facts.push(["runtime", textAt(root, "runtime") ?? "unknown"], ["files", files.join(", ").slice(0, 400)]);
  return {
    format: "torchserve",
    producer: { name: "TorchServe archiver", ...(version === undefined ? {} : { version }) },
    task: "unknown",
    summary: `${textAt(root, "model", "modelName") ?? "a model"} ${textAt(root, "model", "modelVersion") ?? ""}`.trim(),
    inputs: [],
    outputs: [],
    facts,
  };
}
