// init: an ingot.yaml inferred from a trained model, commented and ready to edit.
import { access, open } from "node:fs/promises";
import path from "node:path";
import { convertModel } from "../convert/index.ts";
import { checkPath, IngotError, type InputSpec, type OutputSpec, type Schema } from "../core/index.ts";
import { detectFormat, type ModelDescription, openFile } from "../formats/index.ts";
import { importedYaml, importHuggingFace, isHuggingFaceFolder } from "./huggingface/import_folder.ts";
import { parseProject } from "./project.ts";
import { nameProblem } from "./reference.ts";

export interface InitOptions {
  /** Package name; default is made from the file name. */
  readonly name?: string;
  /** Where ingot.yaml goes: the model's folder by default, or one above it. */
  readonly folder?: string;
  /** Only return the text. */
  readonly dryRun?: boolean;
}

export interface InitResult {
  readonly file: string;
  readonly yaml: string;
  readonly description: ModelDescription;
}

/** Beyond this many columns a list helps nobody. */
const mostColumns = 200;
/** Categories are in the model; a comment shows the first few. */
const shownCategories = 6;

/**
 * Never overwrites.
 * @throws IngotError FILE_*, FORMAT_UNKNOWN, MODEL_*, PROJECT_EXISTS
 */
export async function initProject(modelPath: string, options: InitOptions = {}): Promise<InitResult> {
  if (await isHuggingFaceFolder(modelPath)) return initHuggingFace(path.resolve(modelPath), options);
  const folder = path.resolve(options.folder ?? path.dirname(modelPath));
  const file = path.join(folder, "ingot.yaml");
  if (!options.dryRun && (await exists(file))) throw alreadyThere(file);
  const model = checkPath(path.relative(folder, path.resolve(modelPath)).split(path.sep).join("/"), modelPath);
  await using source = await openFile(modelPath);
  const format = await detectFormat(source);
  const read = await format.read(source);
  const description = format.describe(read);
  const { schema } = convertModel(format, read);
  const name = checkedName(options.name ?? nameFor(model));
  const yaml = write(name, model, description, schema);
  parseProject(Buffer.from(yaml), file);
  if (!options.dryRun) await createFile(file, yaml);
  return { file, yaml, description };
}

/** The model, its labels and what its processor does to inputs come from the folder. */
async function initHuggingFace(folder: string, options: InitOptions): Promise<InitResult> {
  const file = path.join(folder, "ingot.yaml");
  if (!options.dryRun && (await exists(file))) throw alreadyThere(file);
  const imported = await importHuggingFace(folder);
  const yaml = importedYaml(checkedName(options.name ?? nameFor(path.basename(folder))), imported);
  parseProject(Buffer.from(yaml), file);
  if (!options.dryRun) await createFile(file, yaml);
  return { file, yaml, description: imported.description };
}

function checkedName(name: string): string {
  const problem = nameProblem(name);
  if (problem) throw new IngotError("USAGE", { what: `the name ${JSON.stringify(name)} ${problem}` });
  return name;
}

async function createFile(file: string, text: string): Promise<void> {
  await using handle = await open(file, "wx").catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === "EEXIST" ? alreadyThere(file) : cause;
  });
  await handle.writeFile(text);
}

function alreadyThere(file: string): IngotError {
  return new IngotError("PROJECT_EXISTS", {
    what: "there is an ingot.yaml already",
    where: file,
    fix: "edit it, or move it away first",
  });
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** `Models/Churn v2.ubj` → `churn-v2`. */
function nameFor(model: string): string {
  const stem = path.posix.basename(model).replace(/\.[^.]*$/, "");
  const slug = stem
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return slug.slice(0, 64).replace(/-+$/, "") || "model";
}

function write(name: string, model: string, description: ModelDescription, schema: Schema): string {
  const producer = description.producer
    ? `, written by ${description.producer.name} ${description.producer.version ?? ""}`.trimEnd()
    : "";
  return `${[
    `# ${comment(description.summary)} (${description.task}${comment(producer)})`,
    "# Edit what you know better, then: ingot pack .",
    `name: ${name}`,
    "version: 0.1.0",
    `model: ${scalar(model)}`,
    "# description: one line on what it predicts, from what",
    "# license: Apache-2.0              # SPDX",
    "",
    ...inputLines(schema.inputs),
    "",
    "outputs:",
    ...schema.outputs.flatMap(outputLines),
    "",
    "# Rows with the outputs that the training library gave for them: pack refuses when they are not met. One per line:",
    `# ${comment(JSON.stringify({ inputs: exampleOf(schema.inputs), outputs: {} }))}`,
    "# examples: examples.jsonl",
    "# environment: requirements.txt    # or uv.lock, poetry.lock, conda.yaml, package-lock.json",
    "# metrics: { accuracy: 0.9 }       # or a JSON file",
    "# files: [README.md, LICENSE]",
  ].join("\n")}\n`;
}

function inputLines(inputs: readonly InputSpec[]): string[] {
  if (inputs.length > mostColumns)
    return [`# ${inputs.length} inputs, as the model names them; describe some under \`inputs:\``];
  const [only] = inputs;
  const width = inputs.length === 1 && only!.shape.length === 1 ? only!.shape[0] : null;
  if (typeof width === "number" && width <= mostColumns)
    return [
      `# The file names no columns: one input \`${comment(only!.name)}\` takes lists of ${width} numbers. To have one input per column,`,
      "# name all of them in the order of training:",
      "# inputs:",
      ...Array.from({ length: width }, (_, index) => `#   column_${index}: { type: float }`),
    ];
  return [
    "inputs:                            # add min, max, unit, description where you know them",
    ...inputs.flatMap((input) => {
      const parts = [`type: ${input.type}`, ...(input.missing === "allow" ? ["missing: allow"] : [])];
      const line = `  ${scalar(input.name)}: { ${parts.join(", ")} }`;
      const { categories = [] } = input;
      if (categories.length === 0) return [line];
      const more = categories.length > shownCategories ? `, … ${categories.length} in all` : "";
      return [`${line}  # ${comment(categories.slice(0, shownCategories).map(visible).join(", "))}${more}`];
    }),
  ];
}

function outputLines(output: OutputSpec): string[] {
  const width = output.shape.at(-1);
  const shape = output.shape.length > 0 ? ` × ${output.shape.join(" × ")}` : "";
  const role =
    output.role === undefined || (output.role === output.name && shape === "") ? "" : `  # ${output.role}${shape}`;
  const line = `  ${scalar(output.name)}: { type: ${output.type} }${role}`;
  if (output.role !== "probabilities" || output.classes !== undefined || typeof width !== "number") return [line];
  const names = Array.from({ length: Math.min(width, 8) }, (_, index) => `class ${index}`);
  return [
    line,
    `  # with names for the classes: ${scalar(output.name)}: { type: ${output.type}, classes: [${names.join(", ")}] }`,
  ];
}

function exampleOf(inputs: readonly InputSpec[]): Record<string, unknown> {
  return Object.fromEntries(
    inputs.slice(0, 20).map((input) => {
      const value = input.categories?.[0] ?? (input.type === "string" ? "" : input.type === "bool" ? false : 0);
      return [input.name, input.shape.length === 0 ? value : []];
    }),
  );
}

/** A text of nothing, or of blanks, is seen only in quotes. */
function visible(category: string | number): string {
  return String(category).trim() === "" ? `"${category}"` : String(category);
}

/** Text from a model inside a YAML comment: one line. */
function comment(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").slice(0, 500);
}

/** A YAML scalar that is read back as this very text. */
function scalar(text: string): string {
  const plain = /^[A-Za-z_][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*$/.test(text);
  return plain && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text) ? text : JSON.stringify(text);
}
