// Opening a package: every digest is verified before anything in it is believed.
import { type Digest, IngotError, quoted } from "../core/index.ts";
import type { Manifest, Store } from "../oci/index.ts";
import type { GraphFile, PipelineFiles, Predictor, PredictorOptions } from "../runtime/index.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";
import { type PackageDescription, parseDescription } from "./description.ts";
import { type Example, parseExamples } from "./examples.ts";
import { fileNames, fileSetDigest, type PackageFile } from "./file_set.ts";
import { type PackageEntry, resolveReference } from "./list.ts";
import { filesOf } from "./model_pack.ts";

export interface Package {
  readonly name: string;
  readonly version: string;
  /** Of the manifest: what a registry and a signature name. */
  readonly digest: Digest;
  /** Of the set of files: survives repacking. */
  readonly fileSetDigest: Digest;
  readonly description: PackageDescription;
  readonly certificate: Certificate;
  readonly files: readonly PackageFile[];
  /** Its declared steps; none where the graph is all. */
  readonly pipeline: PipelineFiles | undefined;
  /** A file's bytes, verified again. @throws FILE_NOT_FOUND, PACKAGE_CORRUPT */
  read(path: string): Promise<Uint8Array>;
  /** Where a file's bytes lie on disk, under another name. @throws FILE_NOT_FOUND */
  path(path: string): string;
  /** Empty when the package has none. @param most of them, the first ones */
  examples(most?: number): Promise<Example[]>;
  graph(): Promise<GraphFile>;
  /** @param options `inThread`: in a worker thread of its own, so that computing stops nobody here */
  predictor(options?: Omit<PredictorOptions, "pipeline"> & { readonly inThread?: boolean }): Promise<Predictor>;
}

/**
 * @param reference `name`, `name:version`, either with `@sha256:…`
 * @throws IngotError REFERENCE_INVALID, PACKAGE_NOT_FOUND, PACKAGE_CORRUPT naming file and blob, PACKAGE_INVALID
 */
export async function openPackage(reference: string, store: Store): Promise<Package> {
  const entry = await resolveReference(reference, store);
  const { manifest, files } = await readManifest(entry, store);
  await verifyFiles(entry, manifest, files, store);
  return openVerified(entry, files, store);
}

/** The manifest and the files it names. @throws PACKAGE_CORRUPT, PACKAGE_INVALID, PATH_UNSAFE */
export async function readManifest(
  entry: PackageEntry,
  store: Store,
): Promise<{ manifest: Manifest; files: PackageFile[] }> {
  const where = `${entry.name}:${entry.version}`;
  const manifest = await store.manifest(entry.descriptor).catch((error) => {
    throw asPackageError(error, where, "its manifest");
  });
  return { manifest, files: filesOf(manifest, where) };
}

async function verifyFiles(
  entry: PackageEntry,
  manifest: Manifest,
  files: readonly PackageFile[],
  store: Store,
): Promise<void> {
  const where = `${entry.name}:${entry.version}`;
  await store.verify(manifest.config).catch((error) => {
    throw asPackageError(error, where, "its config");
  });
  for (const file of files)
    await store.verify(file).catch((error) => {
      throw asPackageError(error, where, file.path);
    });
}

async function openVerified(entry: PackageEntry, files: readonly PackageFile[], store: Store): Promise<Package> {
  const where = `${entry.name}:${entry.version}`;
  const fileAt = (path: string): PackageFile => {
    const file = files.find((candidate) => candidate.path === path);
    if (file) return file;
    throw new IngotError("FILE_NOT_FOUND", {
      what: `the package holds no file ${quoted(path)}`,
      where,
      fix: `it has ${files.map((candidate) => candidate.path).join(", ")}`,
    });
  };
  const read = async (path: string): Promise<Uint8Array> =>
    store.read(fileAt(path)).catch((error) => {
      throw asPackageError(error, where, path);
    });
  for (const needed of [fileNames.description, fileNames.graph, fileNames.certificate])
    if (!files.some((file) => file.path === needed))
      throw new IngotError("PACKAGE_INVALID", {
        what: `holds no ${needed}: it was not packed by Ingot`,
        where,
        fix: "pack the model with `ingot pack`",
      });
  const description = parseDescription(await read(fileNames.description), `${where}: ${fileNames.description}`);
  if (description.name !== entry.name || description.version !== entry.version)
    throw new IngotError("PACKAGE_INVALID", {
      what: `the store calls it ${where}, the package itself ${description.name}:${description.version}`,
      where: store.folder,
      fix: "do not rename entries: pack again under the new name",
    });
  const graph = async (): Promise<GraphFile> => {
    const { file, data } = description.graph;
    return data === undefined
      ? { bytes: await read(file) }
      : { bytes: await read(file), externalData: { [data]: store.blobPath(fileAt(data).digest) } };
  };
  const pipeline = description.pipeline && { work: description.pipeline, read };
  return {
    name: entry.name,
    version: entry.version,
    digest: entry.digest,
    fileSetDigest: fileSetDigest(files),
    description,
    certificate: parseCertificate(await read(fileNames.certificate), `${where}: ${fileNames.certificate}`),
    files,
    pipeline,
    read,
    path: (path) => store.blobPath(fileAt(path).digest),
    async examples(most) {
      const { examples } = description;
      return examples === undefined ? [] : parseExamples(await read(examples.file), examples.file, most);
    },
    graph,
    async predictor({ inThread, ...options } = {}) {
      const { openPredictor, openThreadPredictor } = await import("../runtime/index.ts");
      const open = inThread ? openThreadPredictor : openPredictor;
      return open(await graph(), description.schema, { ...options, pipeline });
    },
  };
}

/** What is damaged, in the package's words: the file, and the blob that holds it. */
export function asPackageError(error: unknown, reference: string, file: string): unknown {
  if (!(error instanceof IngotError) || error.code !== "STORE_CORRUPT") return error;
  return new IngotError("PACKAGE_CORRUPT", {
    what: `${file}: ${error.what}`,
    where: `${reference} (${error.where})`,
    fix: "pack it again, or copy it again from where it is whole: that replaces the damaged blob",
    cause: error,
  });
}
