// A package as a store of its own inside an image: the server in it verifies every digest before it loads, as everywhere.
import type { Digest } from "../../core/index.ts";
import type { Descriptor, Store } from "../../oci/index.ts";
import type { PackageEntry } from "../../package/index.ts";
import { places } from "./runtime_files.ts";
import type { TarEntry } from "./tar.ts";

/** @throws IngotError STORE_CORRUPT */
export async function packageFiles(entry: PackageEntry, store: Store): Promise<TarEntry[]> {
  const manifest = await store.manifest(entry.descriptor);
  const blobs: Pick<Descriptor, "digest" | "size">[] = [entry.descriptor, manifest.config, ...manifest.layers];
  const unique = new Map<Digest, Pick<Descriptor, "digest" | "size">>(blobs.map((blob) => [blob.digest, blob]));
  for (const blob of unique.values()) await store.verify(blob);
  const index = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [entry.descriptor],
  };
  return [
    text("oci-layout", { imageLayoutVersion: "1.0.0" }),
    text("index.json", index),
    ...[...unique.keys()].map(
      (digest): TarEntry => ({
        kind: "file",
        path: `${places.store}/blobs/${digest.replace(":", "/")}`,
        content: { file: store.blobPath(digest) },
      }),
    ),
  ];
}

function text(name: string, value: unknown): TarEntry {
  return { kind: "file", path: `${places.store}/${name}`, content: Buffer.from(JSON.stringify(value)) };
}
