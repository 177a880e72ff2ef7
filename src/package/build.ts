// From a project to the files of its package: read, convert, describe, certify. Writes nothing.
import { lstat, readFile } from "node:fs/promises";
import path from "node:path";
import { convertModel } from "../convert/index.ts";
import { IngotError, nearest, type Schema } from "../core/index.ts";
import { detectFormat, openFile } from "../formats/index.ts";
import type { Model } from "../onnx/index.ts";
import type { ProjectContent } from "../pipeline/index.ts";
import type { ScanReport } from "../scan/index.ts";
import { type Certificate, writeCertificate } from "./certificate.ts";
import { certify } from "./certify.ts";
import { compose } from "./compose.ts";
import { type PackageDescription, writeDescription } from "./description.ts";
import { type Example, parseExamples } from "./examples.ts";
import { type FileKind, fileNames, kindOf } from "./file_set.ts";
import { type GraphFiles, graphFiles } from "./graph_files.ts";
import type { Measurement } from "./measure.ts";
import { type PackedFile, scanPacked } from "./pack_scan.ts";
import { type ParsedProject, parseProject } from "./project.ts";
import { packagePath, projectFile } from "./project_files.ts";
import { readMetrics } from "./project_metrics.ts";
import { convertOptions, mergeSchema } from "./project_schema.ts";
import { sourceDigest } from "./source_digest.ts";
import { bundleModules } from "./step_modules.ts";

/** A file on its way into a package. */
export interface NewFile {
  readonly path: string;
  readonly kind: FileKind;
  readonly content:
    | { readonly bytes: Uint8Array }
    | { readonly file: string; readonly name: string }
    | { readonly stream: () => AsyncIterable<Uint8Array> };
}

export interface Build {
  readonly description: PackageDescription;
  readonly certificate: Certificate;
  readonly measurements: readonly Measurement[];
  readonly files: readonly NewFile[];
  /** Of the model and the declared files, made before anything was converted. */
  readonly scan: ScanReport;
}

/** Of all that steps read, at most: tokenizers are the largest, with some tens of MiB. */
const largestStepFile = 256 * 2 ** 20;

/** What steps look at when they are planned: the files that they name, and the examples. */
async function stepContent(folder: string, parsed: ParsedProject): Promise<ProjectContent> {
  const { steps, project } = parsed;
  if (steps.before.length + steps.after.length === 0) return {};
  const files = await readStepFiles(folder, parsed);
  if (project.examples === undefined) return { files };
  const bytes = await readFile(await projectFile(folder, project.examples, parsed.where(["examples"])));
  return { files, examples: parseExamples(bytes, packagePath(project.examples)).map(({ inputs }) => inputs) };
}

async function readStepFiles(folder: string, { steps }: ParsedProject): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const declared of [...steps.before, ...steps.after])
    for (const name of declared.step.files?.(declared.options) ?? []) {
      if (files.has(name)) continue;
      const file = await projectFile(folder, name, declared.where([]));
      const { size } = await lstat(file);
      if (size > largestStepFile)
        throw new IngotError("FILE_TOO_LARGE", {
          what: `\`${name}\` holds ${size} bytes, steps read at most ${largestStepFile}`,
          where: declared.where([]),
        });
      files.set(name, await readFile(file));
    }
  return files;
}

/** Reads `ingot.yaml` of a folder. @throws FILE_NOT_FOUND, PROJECT_INVALID */
export async function readProject(folder: string): Promise<ParsedProject> {
  const file = path.join(folder, "ingot.yaml");
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "ENOENT" && cause.code !== "ENOTDIR") throw cause;
    throw new IngotError("FILE_NOT_FOUND", {
      what: "there is no ingot.yaml",
      where: folder,
      fix: "`ingot init <model>` writes one",
      cause,
    });
  });
  return parseProject(bytes);
}

/** @throws IngotError FILE_*, PROJECT_INVALID, MODEL_*, JSON_MALFORMED, INPUT_INVALID, VERIFY_FAILED */
export async function buildPackage(folder: string): Promise<Build> {
  const parsed = await readProject(folder);
  const { project } = parsed;
  const content = await stepContent(folder, parsed);
  const modelFile = await projectFile(folder, project.model, parsed.where(["model"]));
  const scan = await scanPacked(await packedFiles(folder, parsed, modelFile), parsed);
  const cast = await castModel(modelFile, parsed, content);
  const composed = compose(cast.converted, parsed, content);
  const schema = mergeSchema(composed.schema, parsed, cast.converted.schema);
  const graph = await graphFiles(composed.model, path.dirname(modelFile));
  const examples = await readExamples(folder, parsed, schema);
  const declared = await declaredFiles(folder, parsed, stepFiles(parsed));
  const modules = await bundleModules(folder, parsed);
  const environment = project.environment === undefined ? null : await environmentFile(folder, parsed);
  const metrics = await readMetrics(folder, parsed);
  const source = { format: cast.description.format, digest: cast.digest };
  const { certificate, measurements, edges } = await certify(composed, graph, {
    source,
    schema,
    examples,
    tolerance: project.tolerance,
    pipeline: composed.pipeline && {
      work: composed.pipeline,
      read: async (file) =>
        modules.get(file) ?? readFile(await projectFile(folder, file, parsed.where(["preprocess"]))),
    },
  });

  const native = measurements.find((found) => found.runtime === "native");
  if (native?.result === "cannot run") throw native.problem!;

  const { formatVersion, producer } = cast.description;
  const description: PackageDescription = {
    formatVersion: 1,
    name: project.name,
    version: project.version,
    ...(project.description === undefined ? {} : { description: project.description }),
    ...(project.license === undefined ? {} : { license: project.license }),
    task: cast.description.task,
    schema,
    source: {
      file: packagePath(project.model),
      ...source,
      ...(formatVersion === undefined ? {} : { formatVersion }),
      ...(producer === undefined ? {} : { producer }),
    },
    graph: describeGraph(composed.model, graph, certificate.dialect ?? "exact"),
    ...(composed.pipeline === undefined ? {} : { pipeline: composed.pipeline }),
    notes: composed.notes,
    ...(metrics === null ? {} : { metrics }),
    ...(environment === null ? {} : { environment: environment.path }),
    ...(project.scan === undefined ? {} : { scan: project.scan }),
    ...(examples === null
      ? {}
      : {
          examples: {
            file: fileNames.examples,
            rows: examples.rows.length,
            rowsWithOutputs: withOutputs(examples.rows),
          },
        }),
  };
  const files: NewFile[] = [
    { path: fileNames.description, kind: "weight.config", content: { bytes: writeDescription(description) } },
    { path: fileNames.graph, kind: "weight", content: { bytes: graph.graph } },
    { path: fileNames.certificate, kind: "doc", content: { bytes: writeCertificate(certificate) } },
    ...declared,
    ...[...modules].map(([path, bytes]): NewFile => ({ path, kind: "code", content: { bytes } })),
  ];
  if (graph.data) files.push({ path: fileNames.graphData, kind: "weight.config", content: { stream: graph.data } });
  if (examples) files.push({ path: fileNames.examples, kind: "dataset", content: { bytes: examples.bytes } });
  if (edges) files.push({ path: fileNames.edgeRows, kind: "dataset", content: { bytes: edges.bytes } });
  if (environment) files.push(environment);
  return { description, certificate, measurements, files, scan };
}

/** Files that steps on the host read, with the place of the step. */
function stepFiles(parsed: ParsedProject): [file: string, where: string][] {
  const { before, after } = parsed.steps;
  const files = [...before, ...after].flatMap((declared) =>
    (declared.step.files?.(declared.options) ?? []).map((file): [string, string] => [
      packagePath(file),
      declared.where([]),
    ]),
  );
  return [...new Map(files)];
}

/** Every file of the project that becomes a part of the package. */
async function packedFiles(folder: string, parsed: ParsedProject, model: string): Promise<PackedFile[]> {
  const { project } = parsed;
  const others: [string | undefined, PropertyKey[]][] = [
    [project.examples, ["examples"]],
    [project.environment, ["environment"]],
    [typeof project.metrics === "string" ? project.metrics : undefined, ["metrics"]],
    ...(project.files ?? []).map((file, index): [string, PropertyKey[]] => [file, ["files", index]]),
  ];
  const files: PackedFile[] = [{ file: model, name: packagePath(project.model) }];
  for (const [relative, place] of others)
    if (relative !== undefined)
      files.push({
        file: await projectFile(folder, relative, parsed.where(place)),
        name: packagePath(relative),
      });
  const { before, after } = parsed.steps;
  const modules = [...before, ...after].flatMap((step) =>
    (step.step.modules?.(step.options) ?? []).map((file): [string, string] => [packagePath(file), step.where([])]),
  );
  for (const [relative, where] of [...stepFiles(parsed), ...new Map(modules)])
    if (!files.some(({ name }) => name === relative))
      files.push({ file: await projectFile(folder, relative, where), name: relative });
  return files;
}

/** Reads and converts the model file, and names the bytes that were read. */
async function castModel(file: string, parsed: ParsedProject, content: ProjectContent) {
  const name = packagePath(parsed.project.model);
  await using source = await openFile(file, name);
  const before = await lstat(file, { bigint: true });
  const format = await detectFormat(source);
  const model = await format.read(source);
  const description = format.describe(model);
  const converted = convertModel(format, model, convertOptions(parsed, description, content));
  const digest = await sourceDigest(source);
  const after = await lstat(file, { bigint: true });
  if (before.mtimeNs !== after.mtimeNs || before.size !== after.size)
    throw new IngotError("FILE_UNREADABLE", {
      what: "changed while it was read",
      where: name,
      fix: "pack again when nothing writes to it",
    });
  return { description, converted, digest };
}

async function readExamples(folder: string, parsed: ParsedProject, schema: Schema) {
  const { examples } = parsed.project;
  if (examples === undefined) return null;
  const bytes = await readFile(await projectFile(folder, examples, parsed.where(["examples"])));
  const name = packagePath(examples);
  const rows = parseExamples(bytes, name);
  const outputs = schema.outputs.map((spec) => spec.name);
  for (const row of rows) {
    const stranger = Object.keys(row.outputs ?? {}).find((key) => !outputs.includes(key));
    if (stranger === undefined) continue;
    const near = nearest(stranger, outputs);
    throw new IngotError("JSON_MALFORMED", {
      what: `the model has no output \`${stranger}\`${near ? `, did you mean \`${near}\`?` : ""}`,
      where: `${name}:${row.line}`,
      fix: `it has ${outputs.join(", ")}`,
    });
  }
  return { bytes, rows, name };
}

function withOutputs(rows: readonly Example[]): number {
  return rows.filter((row) => row.outputs !== undefined).length;
}

async function declaredFiles(
  folder: string,
  parsed: ParsedProject,
  ofSteps: readonly (readonly [file: string, where: string])[],
): Promise<NewFile[]> {
  const files: NewFile[] = [];
  const reserved: readonly string[] = Object.values(fileNames);
  const listed = (parsed.project.files ?? []).map((file, index) => [file, parsed.where(["files", index])] as const);
  const known = new Set(listed.map(([file]) => packagePath(file)));
  for (const [relative, where] of [...listed, ...ofSteps.filter(([file]) => !known.has(packagePath(file)))]) {
    const file = await projectFile(folder, relative, where);
    const target = packagePath(relative);
    if (reserved.includes(target.toLowerCase()))
      throw new IngotError("PROJECT_INVALID", {
        what: `\`${target}\` is a file that Ingot writes itself`,
        where,
        fix: target === fileNames.examples ? "name it under `examples:`" : "rename it",
      });
    files.push({ path: target, kind: kindOf(target), content: { file, name: target } });
  }
  return files;
}

async function environmentFile(folder: string, parsed: ParsedProject): Promise<NewFile> {
  const relative = parsed.project.environment!;
  const file = await projectFile(folder, relative, parsed.where(["environment"]));
  const target = fileNames.environment + path.posix.basename(packagePath(relative));
  return { path: target, kind: "code", content: { file, name: packagePath(relative) } };
}

function describeGraph(
  model: Model,
  { data }: GraphFiles,
  dialect: PackageDescription["graph"]["dialect"],
): PackageDescription["graph"] {
  return {
    file: fileNames.graph,
    ...(data ? { data: fileNames.graphData } : {}),
    dialect,
    irVersion: model.irVersion,
    opsets: model.opsetImports.map(({ domain, version }) => ({ domain, version })),
  };
}
