// The documents of OCI image-spec 1.1 that a store holds: descriptor, manifest, index. Read as hostile, kept as they are.
import { type Digest, IngotError, isDigest, quoted } from "../core/index.ts";

export const mediaTypes = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
} as const;

/** Names an entry of a layout: `skopeo copy oci:<store>:<this>`. */
export const refNameAnnotation = "org.opencontainers.image.ref.name";

/** On an entry without a name that tells something about another one: the digest of that one, as in its manifest's `subject`. */
export const subjectAnnotation = "ingot.subject";

/** Registries "SHOULD expect to be able to support manifest pushes of at least 4 megabytes": nothing larger travels. */
export const largestManifest = 4 * 1024 * 1024;
const largestIndex = 64 * 1024 * 1024;

export type Annotations = Readonly<Record<string, string>>;

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Annotations;
}

export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType: typeof mediaTypes.manifest;
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Annotations;
}

export interface Index {
  readonly schemaVersion: 2;
  readonly manifests: readonly Descriptor[];
}

/** @throws IngotError STORE_CORRUPT */
export function parseIndex(bytes: Uint8Array, where: string): Index {
  const index = parseObject(bytes, largestIndex, where);
  if (index["schemaVersion"] !== 2) throw corrupt("`schemaVersion` is not 2", where);
  return { ...index, schemaVersion: 2, manifests: descriptors(index["manifests"] ?? [], `${where}: manifests`) };
}

/** @throws IngotError STORE_CORRUPT */
export function parseManifest(bytes: Uint8Array, where: string): Manifest {
  const manifest = parseObject(bytes, largestManifest, where);
  if (manifest["schemaVersion"] !== 2) throw corrupt("`schemaVersion` is not 2", where);
  if ((manifest["mediaType"] ?? mediaTypes.manifest) !== mediaTypes.manifest)
    throw corrupt(`is not an image manifest but ${quoted(manifest["mediaType"])}`, where);
  const { artifactType, annotations, subject } = manifest;
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: descriptor(manifest["config"], `${where}: config`),
    layers: descriptors(manifest["layers"], `${where}: layers`),
    ...(typeof artifactType === "string" ? { artifactType } : {}),
    ...(subject === undefined ? {} : { subject: descriptor(subject, `${where}: subject`) }),
    ...(annotations === undefined ? {} : { annotations: textMap(annotations, `${where}: annotations`) }),
  };
}

/** Everything a manifest or index document points at. */
export function referenced(bytes: Uint8Array, where: string): Descriptor[] {
  const document = parseObject(bytes, largestManifest, where);
  const found: Descriptor[] = [];
  if (document["config"] !== undefined) found.push(descriptor(document["config"], `${where}: config`));
  for (const list of ["layers", "manifests", "blobs"])
    if (document[list] !== undefined) found.push(...descriptors(document[list], `${where}: ${list}`));
  return found;
}

export function isManifestType(mediaType: string): boolean {
  return /^application\/vnd\.(oci\.image|docker\.distribution)\.(manifest|index)(\.list)?\.v\d+\+json$/.test(mediaType);
}

function parseObject(bytes: Uint8Array, limit: number, where: string): Record<string, unknown> {
  if (bytes.length > limit) throw corrupt(`is larger than ${limit} bytes`, where);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw corrupt(`is not JSON (${(cause as Error).message})`, where);
  }
  if (!isObject(value)) throw corrupt("is not a JSON object", where);
  return value;
}

function descriptors(value: unknown, where: string): Descriptor[] {
  if (!Array.isArray(value)) throw corrupt("is not a list", where);
  return value.map((item, index) => descriptor(item, `${where}[${index}]`));
}

/** Unknown members stay, so that rewriting an index of another tool loses nothing. */
function descriptor(value: unknown, where: string): Descriptor {
  if (!isObject(value)) throw corrupt("is not a descriptor", where);
  const { mediaType, digest, size, artifactType, annotations } = value;
  if (typeof mediaType !== "string") throw corrupt("has no `mediaType`", where);
  if (!isDigest(digest)) throw corrupt(`has no valid \`digest\` but ${quoted(digest)}`, where);
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) throw corrupt("has no valid `size`", where);
  if (artifactType !== undefined && typeof artifactType !== "string")
    throw corrupt("`artifactType` is not text", where);
  if (annotations !== undefined) textMap(annotations, `${where}: annotations`);
  return value as unknown as Descriptor;
}

function textMap(value: unknown, where: string): Annotations {
  if (!isObject(value) || !Object.values(value).every((text) => typeof text === "string"))
    throw corrupt("is not a map of text to text", where);
  return value as Annotations;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function corrupt(what: string, where: string): IngotError {
  return new IngotError("STORE_CORRUPT", {
    what,
    where,
    fix: "the store was damaged or changed by hand: pack or copy the package again",
  });
}
