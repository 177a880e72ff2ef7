// Small valid entries for store tests, and the question whether a store is whole.
import { readdirSync } from "node:fs";
import path from "node:path";
import { canonicalJson, type Json } from "../../src/core/index.ts";
import { type Descriptor, mediaTypes, refNameAnnotation, Store } from "../../src/oci/index.ts";

export async function addEntry(store: Store, name: string, layers: readonly string[]): Promise<Descriptor> {
  await using writer = await store.write();
  const blobs = [];
  for (const text of ["{}", ...layers])
    blobs.push({ mediaType: "application/octet-stream", ...(await writer.addBytes(Buffer.from(text))) });
  const [config, ...rest] = blobs;
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: rest };
  const entry: Descriptor = {
    mediaType: mediaTypes.manifest,
    ...(await writer.addBytes(Buffer.from(canonicalJson(manifest as unknown as Json)))),
    annotations: { [refNameAnnotation]: name },
  };
  await writer.commit((entries) => [...entries, entry]);
  return entry;
}

/** Opens a store afresh and verifies everything in it. @returns the names; what is told about a package has none */
export async function wholeStore(folder: string): Promise<string[]> {
  const store = await Store.open(folder);
  const entries = await store.entries();
  for (const entry of entries) {
    const manifest = await store.manifest(entry);
    for (const blob of [manifest.config, ...manifest.layers]) await store.verify(blob);
  }
  return entries.flatMap((entry) => entry.annotations?.[refNameAnnotation] ?? []);
}

export function blobsIn(folder: string): string[] {
  return readdirSync(path.join(folder, "blobs", "sha256")).sort();
}

export function stagedIn(folder: string): string[] {
  return readdirSync(path.join(folder, ".ingot", "staging"));
}
