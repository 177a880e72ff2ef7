// What an image is built on: an image of a registry, one of an OCI layout on disk, or nothing.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { cannotOpen, type Digest, IngotError, isDigest, quoted } from "../../core/index.ts";
import { type Descriptor, parseImageReference, RemoteRepository } from "../../oci/index.ts";
import type { Platform } from "./runtime_files.ts";

export interface BaseImage {
  /** As it was named. */
  readonly name: string;
  /** Of its manifest; null for no base. */
  readonly digest: Digest | null;
  readonly layers: readonly Descriptor[];
  readonly diffIds: readonly Digest[];
  /** `config.Env` of the base. */
  readonly environment: readonly string[];
  /** A layer's bytes as they are stored, verified while they are read. */
  layer(digest: Digest): AsyncIterable<Uint8Array>;
}

const nothing: BaseImage = {
  name: "none",
  digest: null,
  layers: [],
  diffIds: [],
  environment: [],
  layer: () => {
    throw new TypeError("there is no base");
  },
};

interface Source {
  document(reference: string): Promise<{ bytes: Buffer; digest: Digest }>;
  blob(digest: Digest): AsyncIterable<Uint8Array>;
}

const largestDocument = 4 << 20;

/**
 * @param name `none`, `oci:<folder>[:tag]`, or an image of a registry
 * @throws IngotError REFERENCE_INVALID, PACKAGE_NOT_FOUND, PACKAGE_CORRUPT, REMOTE_FAILED
 */
export async function openBase(name: string, platform: Platform): Promise<BaseImage> {
  if (name === "none") return nothing;
  const { source, tag } = name.startsWith("oci:") ? layoutSource(name) : remoteSource(name);
  let { bytes, digest } = await source.document(tag);
  let document = parsed(bytes, name);
  if (Array.isArray(document["manifests"])) {
    const chosen = (document["manifests"] as (Descriptor & { platform?: { os: string; architecture: string } })[]).find(
      ({ platform: one }) => one?.os === platform.os && one.architecture === platform.architecture,
    );
    if (!chosen)
      throw new IngotError("PACKAGE_NOT_FOUND", {
        what: `has no image for ${platform.os}/${platform.architecture}`,
        where: name,
      });
    ({ bytes, digest } = await source.document(chosen.digest));
    document = parsed(bytes, name);
  }
  const { config, layers } = document as { config?: Descriptor; layers?: Descriptor[] };
  if (!config || !isDigest(config.digest) || !Array.isArray(layers) || !layers.every((layer) => isDigest(layer.digest)))
    throw new IngotError("PACKAGE_INVALID", { what: "is no image manifest", where: name });
  const settings = parsed(await all(source.blob(config.digest)), name) as {
    os?: string;
    architecture?: string;
    config?: { Env?: string[] };
    rootfs?: { diff_ids?: Digest[] };
  };
  if (settings.os !== platform.os || settings.architecture !== platform.architecture)
    throw new IngotError("PACKAGE_INVALID", {
      what: `is for ${settings.os}/${settings.architecture}, not ${platform.os}/${platform.architecture}`,
      where: name,
    });
  const diffIds = settings.rootfs?.diff_ids ?? [];
  if (diffIds.length !== layers.length)
    throw new IngotError("PACKAGE_INVALID", {
      what: "names other layers in its config than in its manifest",
      where: name,
    });
  return {
    name,
    digest,
    layers: layers.map(({ mediaType, digest: layer, size }) => ({ mediaType: asOci(mediaType), digest: layer, size })),
    diffIds,
    environment: settings.config?.Env ?? [],
    layer: (layer) => source.blob(layer),
  };
}

/** Docker's names of the same formats. */
function asOci(mediaType: string): string {
  if (mediaType === "application/vnd.docker.image.rootfs.diff.tar.gzip")
    return "application/vnd.oci.image.layer.v1.tar+gzip";
  return mediaType === "application/vnd.docker.image.rootfs.diff.tar"
    ? "application/vnd.oci.image.layer.v1.tar"
    : mediaType;
}

function remoteSource(name: string): { source: Source; tag: string } {
  const remote = new RemoteRepository(parseImageReference(name));
  return {
    source: { document: (reference) => remote.manifest(reference), blob: (digest) => remote.blob(digest) },
    tag: remote.reference.tag,
  };
}

function layoutSource(name: string): { source: Source; tag: string } {
  const [, folder, tag] = /^oci:(.+?)(?::([\w][\w.-]*))?$/.exec(name) ?? [];
  if (folder === undefined)
    throw new IngotError("REFERENCE_INVALID", {
      what: `${quoted(name)} names no layout`,
      fix: "write it as oci:folder:tag",
    });
  const source: Source = {
    async document(reference) {
      const digest = isDigest(reference) ? reference : await tagged(folder, reference);
      return { bytes: await all(verified(folder, digest)), digest };
    },
    blob: (digest) => verified(folder, digest),
  };
  return { source, tag: tag ?? "" };
}

/** The entry of a tag; the only one when no tag was given. */
async function tagged(folder: string, tag: string): Promise<Digest> {
  const file = path.join(folder, "index.json");
  const bytes = await readFile(file).catch((cause) => {
    throw cannotOpen(cause, file);
  });
  const { manifests = [] } = parsed(bytes, file) as { manifests?: Descriptor[] };
  const named = manifests.filter(
    (entry) => tag === "" || entry.annotations?.["org.opencontainers.image.ref.name"] === tag,
  );
  if (named.length === 1 && isDigest(named[0]!.digest)) return named[0]!.digest;
  throw new IngotError("PACKAGE_NOT_FOUND", {
    what: tag === "" ? `holds ${named.length} images: name one by its tag` : `holds no image ${quoted(tag)}`,
    where: folder,
  });
}

async function* verified(folder: string, digest: Digest): AsyncGenerator<Uint8Array> {
  const [algorithm, hex] = digest.split(":") as [string, string];
  const file = path.join(folder, "blobs", algorithm, hex);
  const hash = createHash(algorithm);
  const stream = createReadStream(file, { highWaterMark: 1 << 20 });
  try {
    for await (const chunk of stream) {
      hash.update(chunk);
      yield chunk;
    }
  } catch (cause) {
    if (cause instanceof Error && "code" in cause) throw cannotOpen(cause as NodeJS.ErrnoException, file);
    throw cause;
  }
  if (hash.digest("hex") !== hex)
    throw new IngotError("PACKAGE_CORRUPT", { what: "its bytes have changed", where: file });
}

async function all(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.byteLength;
    if (size > largestDocument)
      throw new IngotError("FILE_TOO_LARGE", { what: `a manifest or config of more than ${largestDocument} bytes` });
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

function parsed(bytes: Uint8Array, where: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw new IngotError("PACKAGE_INVALID", { what: "is not a JSON object", where });
}
