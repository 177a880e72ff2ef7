// An OCI image layout being written: blobs under their digests, an index at the end.
// Rule: opencontainers/image-spec, image-layout.md, manifest.md, config.md.
import { createHash, type Hash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createGzip, createZstdCompress } from "node:zlib";
import type { Digest } from "../../core/index.ts";
import type { Descriptor } from "../../oci/index.ts";

export type Compression = "gzip" | "zstd" | "none";

export interface Packing {
  readonly compression: Compression;
  readonly level: number | undefined;
}

export interface Layer {
  readonly descriptor: Descriptor;
  /** Of the archive before compression. */
  readonly diffId: Digest;
}

const layerType = "application/vnd.oci.image.layer.v1.tar";
const suffixes: Readonly<Record<Compression, string>> = { gzip: "+gzip", zstd: "+zstd", none: "" };

export class ImageLayout {
  readonly folder: string;
  private count = 0;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(folder: string): Promise<ImageLayout> {
    await mkdir(path.join(folder, "blobs", "sha256"), { recursive: true });
    await writeFile(path.join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
    return new ImageLayout(folder);
  }

  /** Compresses and hashes in one pass. */
  async addLayer(archive: AsyncIterable<Uint8Array>, { compression, level }: Packing): Promise<Layer> {
    const [plain, packed] = [counted(), counted()];
    const staged = path.join(this.folder, `staged-${this.count++}`);
    const steps = [Readable.from(archive, { objectMode: false }), plain.stream];
    const compress =
      compression === "gzip"
        ? createGzip({ level: level ?? 6 })
        : compression === "zstd"
          ? createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: level ?? 3 } })
          : null;
    await pipeline([...steps, ...(compress ? [compress] : []), packed.stream, createWriteStream(staged)]);
    const digest = packed.digest();
    await rename(staged, this.blobPath(digest));
    const mediaType = layerType + suffixes[compression];
    return { descriptor: { mediaType, digest, size: packed.size() }, diffId: plain.digest() };
  }

  /** Brings a blob that exists elsewhere. The caller has verified it, or `bytes` verifies on the way. */
  async addBlob(bytes: AsyncIterable<Uint8Array>, digest: Digest): Promise<void> {
    const staged = path.join(this.folder, `staged-${this.count++}`);
    await pipeline(Readable.from(bytes, { objectMode: false }), createWriteStream(staged));
    await rename(staged, this.blobPath(digest));
  }

  async addJson(mediaType: string, value: unknown): Promise<Descriptor> {
    const bytes = Buffer.from(JSON.stringify(value));
    const digest: Digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    await writeFile(this.blobPath(digest), bytes);
    return { mediaType, digest, size: bytes.byteLength };
  }

  async finish(manifests: readonly Descriptor[]): Promise<void> {
    const index = { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests };
    await writeFile(path.join(this.folder, "index.json"), JSON.stringify(index));
  }

  blobPath(digest: Digest): string {
    return path.join(this.folder, "blobs", ...digest.split(":"));
  }
}

function counted(): { stream: Transform; digest(): Digest; size(): number } {
  const hash: Hash = createHash("sha256");
  let size = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.byteLength;
      done(null, chunk);
    },
  });
  return { stream, digest: () => `sha256:${hash.digest("hex")}`, size: () => size };
}
