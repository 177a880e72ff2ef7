// pack: a project becomes a package in the store. Nothing is visible before everything is there.
import { open } from "node:fs/promises";
import { checkPaths, type Digest, digest, digestOf, IngotError } from "../core/index.ts";
import {
  type Content,
  type Descriptor,
  hashFile,
  largestManifest,
  mediaTypes,
  refNameAnnotation,
  type Store,
} from "../oci/index.ts";
import type { ScanReport } from "../scan/index.ts";
import { buildPackage, type NewFile } from "./build.ts";
import type { Certificate } from "./certificate.ts";
import type { PackageDescription } from "./description.ts";
import { fileSetDigest, type PackageFile } from "./file_set.ts";
import { packageEntries } from "./list.ts";
import type { Measurement } from "./measure.ts";
import { artifactType, inLayerOrder, modelPackConfig, modelPackManifest } from "./model_pack.ts";
import { storeScanReport, withoutReports } from "./referrer.ts";

export interface PackOptions {
  /** Replace a package of the same name and version. */
  readonly force?: boolean;
  /** Only say what the digest would be; write nothing. */
  readonly check?: boolean;
}

export interface PackResult {
  readonly name: string;
  readonly version: string;
  readonly digest: Digest;
  readonly fileSetDigest: Digest;
  readonly files: readonly PackageFile[];
  /** Sum of the files. */
  readonly size: number;
  readonly description: PackageDescription;
  readonly certificate: Certificate;
  /** What each runtime made of the examples and the edge rows, on this machine. */
  readonly measurements: readonly Measurement[];
  /** What the scan of model and declared files found. */
  readonly scan: ScanReport;
  /** Against what the store held under this name and version before. */
  readonly compared: "new" | "same" | "different";
  /** The digest the store held before, where it differs. */
  readonly previous?: Digest;
  readonly written: boolean;
}

/** Where content goes: a store's writer, or nowhere but through the hash. */
interface Sink {
  addFile(file: string, name: string): Promise<Content>;
  addBytes(bytes: Uint8Array): Promise<Content>;
  addStream(chunks: AsyncIterable<Uint8Array>): Promise<Content>;
}

/**
 * @param folder the project: holds `ingot.yaml`
 * @throws IngotError everything `buildPackage` throws, PACKAGE_EXISTS, STORE_LOCKED, DISK_FULL
 */
export async function pack(folder: string, store: Store, options: PackOptions = {}): Promise<PackResult> {
  const build = await buildPackage(folder);
  if (options.check) return assemble(build, store, hashOnly, async () => false);
  await using writer = await store.write();
  return await assemble(build, store, writer, async (entry) => {
    const report = await storeScanReport(build.scan, entry, writer);
    // A package that is there already is written again: its blobs replace their equals, which heals a damaged one.
    const name = entry.annotations![refNameAnnotation]!;
    await writer.commit((entries) => {
      const previous = entries.find((candidate) => candidate.annotations?.[refNameAnnotation] === name);
      if (previous && previous.digest !== entry.digest && !options.force)
        throw exists(name, previous.digest, store.folder);
      const others = entries.filter((candidate) => candidate !== previous);
      const subjects = previous && !others.some((other) => other.digest === previous.digest) ? [previous.digest] : [];
      const told = [...subjects, entry.digest].reduce(withoutReports, others);
      return [...told, entry, report];
    });
    return true;
  });
}

type Build = Awaited<ReturnType<typeof buildPackage>>;

async function assemble(
  build: Build,
  store: Store,
  sink: Sink,
  keep: (entry: Descriptor) => Promise<boolean>,
): Promise<PackResult> {
  const { description, certificate, measurements } = build;
  const { name, version } = description;
  const files: PackageFile[] = [];
  checkPaths(build.files.map((file) => file.path));
  for (const file of inLayerOrder(build.files))
    files.push({ path: file.path, kind: file.kind, ...(await bring(file, sink)) });
  const config = await sink.addBytes(modelPackConfig(description, files));
  const bytes = modelPackManifest(description, config, files);
  if (bytes.length > largestManifest)
    throw new IngotError("PROJECT_INVALID", {
      what: `${files.length} files make a manifest of ${bytes.length} bytes, registries take ${largestManifest}`,
      where: "ingot.yaml: files",
      fix: "put small files into an archive",
    });
  const manifest = await sink.addBytes(bytes);
  const entry: Descriptor = {
    mediaType: mediaTypes.manifest,
    ...manifest,
    artifactType,
    annotations: { [refNameAnnotation]: `${name}:${version}` },
  };
  const before = (await packageEntries(store)).find((found) => found.name === name && found.version === version);
  const compared = before === undefined ? "new" : before.digest === manifest.digest ? "same" : "different";
  return {
    name,
    version,
    digest: manifest.digest,
    fileSetDigest: fileSetDigest(files),
    files,
    size: files.reduce((total, file) => total + file.size, 0),
    description,
    certificate,
    measurements,
    scan: build.scan,
    compared,
    ...(compared === "different" ? { previous: before!.digest } : {}),
    written: await keep(entry),
  };
}

async function bring({ content }: NewFile, sink: Sink): Promise<Content> {
  if ("bytes" in content) return sink.addBytes(content.bytes);
  if ("file" in content) return sink.addFile(content.file, content.name);
  return sink.addStream(content.stream());
}

const hashOnly: Sink = {
  async addFile(path) {
    await using file = await open(path);
    return await hashFile(file);
  },
  addBytes: async (bytes) => ({ digest: digest(bytes), size: bytes.length }),
  addStream: (chunks) => digestOf(chunks),
};

function exists(name: string, digest: Digest, store: string): IngotError {
  return new IngotError("PACKAGE_EXISTS", {
    what: `${name} is already there with other content (${digest.slice(0, 19)}…)`,
    where: store,
    fix: "raise `version` in ingot.yaml; `--force` replaces it",
  });
}
