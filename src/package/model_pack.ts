// The OCI side of a package: a CNCF ModelPack manifest and config that are a pure function of the files and the description.
// Rule: modelpack/model-spec docs/spec.md, schema/config-schema.json (closed); KitOps' Kitfile as an annotation.
import { canonicalJson, checkPath, checkPaths, type Digest, IngotError, type Json, quoted } from "../core/index.ts";
import { type Descriptor, type Manifest, mediaTypes } from "../oci/index.ts";
import type { FileKind, PackageFile } from "./file_set.ts";

export const artifactType = "application/vnd.cncf.model.manifest.v1+json";
export const configType = "application/vnd.cncf.model.config.v1+json";
const filePathAnnotation = "org.cncf.model.filepath";
export const titleAnnotation = "org.opencontainers.image.title";
export const versionAnnotation = "org.opencontainers.image.version";
const kitfileAnnotation = "ml.kitops.modelkit.kitfile";

/** Layers stand in this order of kinds, by path within a kind. */
const kinds: readonly FileKind[] = ["weight", "weight.config", "code", "dataset", "doc"];

export interface PackageIdentity {
  readonly name: string;
  readonly version: string;
  readonly description?: string | undefined;
  readonly license?: string | undefined;
}

export function inLayerOrder<F extends { readonly path: string; readonly kind: FileKind }>(files: readonly F[]): F[] {
  const byPath = (a: F, b: F) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));
  return [...files].sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || byPath(a, b));
}

/** The ModelPack config: strict schema, no `createdAt`. `files` in layer order. */
export function modelPackConfig(identity: PackageIdentity, files: readonly PackageFile[]): Uint8Array {
  return json({
    descriptor: {
      name: identity.name,
      version: identity.version,
      description: identity.description,
      licenses: identity.license === undefined ? undefined : [identity.license],
    },
    config: { format: "onnx" },
    // One uncompressed file per layer: the diff id is the layer's digest.
    modelfs: { type: "layers", diffIds: files.map((file) => file.digest) },
  });
}

/** The manifest's bytes. `files` in layer order. */
export function modelPackManifest(
  identity: PackageIdentity,
  config: { digest: Digest; size: number },
  files: readonly PackageFile[],
): Uint8Array {
  return json({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType,
    config: { mediaType: configType, digest: config.digest, size: config.size },
    layers: files.map(({ path, digest, size, kind }) => ({
      mediaType: layerType(kind),
      digest,
      size,
      annotations: { [filePathAnnotation]: path, [titleAnnotation]: path },
    })),
    annotations: {
      [kitfileAnnotation]: canonicalJson(kitfile(identity, files)),
      [titleAnnotation]: identity.name,
      [versionAnnotation]: identity.version,
      "org.opencontainers.image.description": identity.description,
      "org.opencontainers.image.licenses": identity.license,
    },
  });
}

/** KitOps pairs these entries with the layers, in order per kind; digests are left to the manifest. */
function kitfile(identity: PackageIdentity, files: readonly PackageFile[]): Json {
  const paths = (kind: FileKind) => files.filter((file) => file.kind === kind).map(({ path }) => ({ path }));
  const some = (entries: { path: string }[]) => (entries.length > 0 ? entries : undefined);
  return {
    manifestVersion: "1.0.0",
    package: {
      name: identity.name,
      version: identity.version,
      description: identity.description,
      license: identity.license,
    },
    model: { name: identity.name, path: paths("weight")[0]?.path, parts: some(paths("weight.config")) },
    code: some(paths("code")),
    datasets: some(paths("dataset")),
    docs: some(paths("doc")),
  };
}

/**
 * The files that a manifest names, their paths checked.
 * @throws IngotError PACKAGE_INVALID, PATH_UNSAFE
 */
export function filesOf(manifest: Manifest, where: string): PackageFile[] {
  const refuse = (what: string, fix?: string): never => {
    throw new IngotError("PACKAGE_INVALID", { what, where, fix });
  };
  if (manifest.artifactType !== artifactType || manifest.config.mediaType !== configType)
    refuse(
      `is not a model package but ${quoted(manifest.artifactType ?? manifest.config.mediaType, 120)}`,
      "Ingot opens what `ingot pack` made",
    );
  const files = manifest.layers.map((layer) => fileOf(layer, where));
  checkPaths(
    files.map((file) => file.path),
    where,
  );
  return files;
}

function fileOf(layer: Descriptor, where: string): PackageFile {
  const kind = kinds.find((candidate) => layerType(candidate) === layer.mediaType);
  const path = layer.annotations?.[filePathAnnotation];
  if (kind === undefined || path === undefined)
    throw new IngotError("PACKAGE_INVALID", {
      what: kind
        ? `a layer has no ${filePathAnnotation}`
        : `a layer is ${quoted(layer.mediaType, 120)}, not one raw file`,
      where,
      fix: "Ingot opens what `ingot pack` made",
    });
  return { path: checkPath(path, where), digest: layer.digest, size: layer.size, kind };
}

function layerType(kind: FileKind): string {
  return `application/vnd.cncf.model.${kind}.v1.raw`;
}

function json(value: Json): Uint8Array {
  return Buffer.from(canonicalJson(value));
}
