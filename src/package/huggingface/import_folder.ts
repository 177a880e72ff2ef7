// A Hugging Face folder as ingot.yaml: config.json says the task, its importer says the steps.
import { open, readdir, stat } from "node:fs/promises";
import path from "node:path";
import { stringify } from "yaml";
import { convertModel } from "../../convert/index.ts";
import { IngotError } from "../../core/index.ts";
import { detectFormat, type ModelDescription, openFile } from "../../formats/index.ts";
import { parseJsonFile } from "../description.ts";
import { type HuggingFaceFolder, type ImportedProject, type ImportTask, unsupported } from "./task.ts";
import { importTasks } from "./tasks.ts";

/** Of one file of settings; tokenizers with large vocabularies are some MB. */
const largestSettings = 64 << 20;
/** Where Optimum and people put the graph. */
const places = ["model.onnx", "onnx/model.onnx", "model_optimized.onnx"];

export interface Imported {
  readonly description: ModelDescription;
  readonly model: string;
  readonly task: ImportTask;
  readonly project: ImportedProject;
}

/** Whether a folder is one: it has a config.json. */
export async function isHuggingFaceFolder(folder: string): Promise<boolean> {
  return (await stat(path.join(folder, "config.json")).catch(() => null))?.isFile() ?? false;
}

/** @throws IngotError FILE_*, JSON_MALFORMED, MODEL_UNSUPPORTED, MODEL_* */
export async function importHuggingFace(folder: string): Promise<Imported> {
  const read = async (file: string) => {
    const value = await settingsOf(folder, file);
    if (value === null || isEntry(value)) return value;
    throw new IngotError("JSON_MALFORMED", { what: "is no object", where: file });
  };
  const readList = async (file: string) => {
    const value = await settingsOf(folder, file);
    if (value === null || Array.isArray(value)) return value;
    throw new IngotError("JSON_MALFORMED", { what: "is no list", where: file });
  };
  const config = (await read("config.json")) ?? {};
  const architectures = config["architectures"];
  const architecture = Array.isArray(architectures) ? String(architectures[0]) : "";
  const task = importTasks.find(({ architectures: known }) => known.test(architecture));
  if (!task)
    throw unsupported(
      "config.json",
      architecture === "" ? "it names no architecture" : `the architecture ${architecture} has no importer`,
    );
  const model = await graphOf(folder);
  await using source = await openFile(path.join(folder, model));
  const format = await detectFormat(source);
  const found = await format.read(source);
  const description = format.describe(found);
  const { schema } = convertModel(format, found);
  const view: HuggingFaceFolder = { path: folder, config, architecture, model, schema, read, readList };
  return { description, model, task, project: await task.describe(view) };
}

function isEntry(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a file holds; null where there is none (as a file with `null` is taken). */
async function settingsOf(folder: string, file: string): Promise<unknown> {
  const handle = await open(path.join(folder, file)).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return null;
    throw cause;
  });
  if (!handle) return null;
  try {
    const { size } = await handle.stat();
    if (size > largestSettings)
      throw new IngotError("FILE_TOO_LARGE", {
        what: `holds ${size} bytes, at most ${largestSettings} are read`,
        where: file,
      });
    return parseJsonFile(await handle.readFile(), file);
  } finally {
    await handle.close();
  }
}

async function graphOf(folder: string): Promise<string> {
  for (const file of places) if ((await stat(path.join(folder, file)).catch(() => null))?.isFile()) return file;
  const graphs = (await readdir(folder)).filter((name) => name.endsWith(".onnx"));
  if (graphs.length === 1) return graphs[0]!;
  throw unsupported(
    folder,
    graphs.length === 0 ? "the folder holds no ONNX graph" : `the folder holds ${graphs.length} ONNX graphs`,
    graphs.length === 0
      ? "export the model first: `optimum-cli export onnx --model <folder> <folder>`"
      : "name the one to use model.onnx",
  );
}

/** ingot.yaml of it, parts of which people may edit. */
export function importedYaml(name: string, { description, model, task, project }: Imported): string {
  const { inputs, preprocess, outputs, postprocess } = project;
  const block = (key: string, value: unknown) => `${key}:\n${indented(flow(value))}`;
  return `${[
    `# ${task.name}: ${description.summary.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").slice(0, 300)}`,
    `# From ${task.sources}. Edit what you know better, then: ingot pack .`,
    `name: ${name}`,
    "version: 0.1.0",
    `model: ${JSON.stringify(model)}`,
    "",
    block("inputs", inputs),
    block("preprocess", preprocess),
    ...(Object.keys(outputs).length > 0 ? [block("outputs", outputs)] : []),
    block("postprocess", postprocess),
    "",
    "# Records with the outputs that the training library gave for them: pack refuses when they are not met. One per line:",
    `# {"inputs":{${examples(inputs)}},"outputs":{}}`,
    "# examples: examples.jsonl",
  ].join("\n")}\n`;
}

function examples(inputs: ImportedProject["inputs"]): string {
  return Object.entries(inputs)
    .map(([name, { type }]) => `${JSON.stringify(name)}:${type === "bytes" ? '"<base64>"' : '"…"'}`)
    .join(",");
}

/** One step or name per line, its options in braces. */
function flow(value: unknown): string {
  const inline = (inner: unknown) => stringify(inner, { collectionStyle: "flow", lineWidth: 0 }).trimEnd();
  if (Array.isArray(value))
    return value
      .map((step: Readonly<Record<string, unknown>>) =>
        Object.entries(step)
          .map(([name, settings]) => `- ${name}: ${inline(settings)}`)
          .join("\n"),
      )
      .join("\n");
  return Object.entries(value as Record<string, unknown>)
    .map(([name, settings]) => `${inline(name)}: ${inline(settings)}`)
    .join("\n");
}

function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}
