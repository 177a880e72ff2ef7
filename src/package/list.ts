// What is in a store, by name and version.
import { type Digest, IngotError } from "../core/index.ts";
import { type Descriptor, refNameAnnotation, type Store } from "../oci/index.ts";
import { artifactType, titleAnnotation, versionAnnotation } from "./model_pack.ts";
import { compareVersions, nameProblem, notFound, parseReference, type Reference, versionProblem } from "./reference.ts";

export interface PackageEntry {
  readonly name: string;
  readonly version: string;
  readonly digest: Digest;
  readonly descriptor: Descriptor;
}

export interface ListedPackage extends Omit<PackageEntry, "descriptor"> {
  /** Sum of the files in bytes; null when the manifest is damaged. */
  readonly size: number | null;
  readonly description?: string;
}

/** Packages by name, then newest version first. Entries that are something else are left out. */
export async function packageEntries(store: Store): Promise<PackageEntry[]> {
  const found: PackageEntry[] = [];
  for (const descriptor of await store.entries()) {
    const named = splitName(descriptor.annotations?.[refNameAnnotation]) ?? (await nameInside(store, descriptor));
    if (named) found.push({ ...named, digest: descriptor.digest, descriptor });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : compareVersions(b.version, a.version)));
}

export async function listPackages(store: Store): Promise<ListedPackage[]> {
  const entries = await packageEntries(store);
  return Promise.all(
    entries.map(async ({ descriptor, ...entry }) => {
      const manifest = await store.manifest(descriptor).catch(damaged);
      if (manifest === null) return { ...entry, size: null };
      const description = manifest.annotations?.["org.opencontainers.image.description"];
      const size = manifest.layers.reduce((total, layer) => total + layer.size, 0);
      return { ...entry, size, ...(description === undefined ? {} : { description }) };
    }),
  );
}

/**
 * The entry a reference names; a name alone is its highest version (a pre-release only where there is nothing else).
 * @throws IngotError REFERENCE_INVALID, PACKAGE_NOT_FOUND
 */
export async function resolveReference(reference: string | Reference, store: Store): Promise<PackageEntry> {
  const wanted = typeof reference === "string" ? parseReference(reference) : reference;
  const entries = await packageEntries(store);
  const matches = entries.filter(
    (entry) =>
      entry.name === wanted.name &&
      (wanted.version === undefined || entry.version === wanted.version) &&
      (wanted.digest === undefined || entry.digest === wanted.digest),
  );
  const released = matches.find((entry) => !entry.version.includes("-"));
  return released ?? matches[0] ?? notFound(wanted, entries, store.folder);
}

/** Removes what a reference names; a name alone only when it has one version. @throws PACKAGE_NOT_FOUND, REFERENCE_INVALID */
export async function removePackage(
  reference: string,
  store: Store,
): Promise<{ removed: PackageEntry; freedBytes: number }> {
  const wanted = parseReference(reference);
  const entries = (await packageEntries(store)).filter((entry) => entry.name === wanted.name);
  if (wanted.version === undefined && wanted.digest === undefined && entries.length > 1)
    throw new IngotError("REFERENCE_INVALID", {
      what: `${wanted.name} has ${entries.length} versions: say which one to remove`,
      where: store.folder,
      fix: entries
        .slice(0, 5)
        .map((entry) => `${entry.name}:${entry.version}`)
        .join(", "),
    });
  const removed = await resolveReference(wanted, store);
  const name = removed.descriptor.annotations?.[refNameAnnotation];
  const { freedBytes } = await store.remove(
    (entry) => entry.digest === removed.digest && entry.annotations?.[refNameAnnotation] === name,
  );
  return { removed, freedBytes };
}

function splitName(text: string | undefined): { name: string; version: string } | null {
  const colon = text?.lastIndexOf(":") ?? -1;
  if (text === undefined || colon < 0) return null;
  const [name, version] = [text.slice(0, colon), text.slice(colon + 1)];
  return nameProblem(name) || versionProblem(version) ? null : { name, version };
}

/** A layout that another tool wrote may name an entry otherwise, or not at all: the manifest says what it is. */
async function nameInside(store: Store, descriptor: Descriptor): Promise<{ name: string; version: string } | null> {
  if (descriptor.artifactType !== undefined && descriptor.artifactType !== artifactType) return null;
  const manifest = await store.manifest(descriptor).catch(damaged);
  if (manifest?.artifactType !== artifactType) return null;
  return splitName(`${manifest.annotations?.[titleAnnotation]}:${manifest.annotations?.[versionAnnotation]}`);
}

function damaged(error: unknown): null {
  if (error instanceof IngotError) return null;
  throw error;
}
