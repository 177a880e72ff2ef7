// What is said about a package and stored beside it: an OCI manifest of its own whose `subject` is the package.
// Rule: image-spec 1.1, manifest.md, "Guidelines for Artifact Usage"; distribution-spec, "Listing Referrers".
import { canonicalJson, type Digest, IngotError, type Json } from "../core/index.ts";
import { type Content, type Descriptor, mediaTypes, type Store, subjectAnnotation } from "../oci/index.ts";
import type { ScanReport } from "../scan/index.ts";

export const scanReportType = "application/vnd.ingot.scan-report.v1+json";
const emptyType = "application/vnd.oci.empty.v1+json";

interface Sink {
  addBytes(bytes: Uint8Array): Promise<Content>;
}

/** Stores a scan report as a referrer of `subject`; a pure function of both. @returns the entry for `index.json` */
export async function storeScanReport(report: ScanReport, subject: Descriptor, sink: Sink): Promise<Descriptor> {
  const layer = await sink.addBytes(bytesOf(report as unknown as Json));
  const config = await sink.addBytes(Buffer.from("{}"));
  const { mediaType, digest, size, artifactType } = subject;
  const manifest = await sink.addBytes(
    bytesOf({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      artifactType: scanReportType,
      config: { mediaType: emptyType, digest: config.digest, size: config.size },
      layers: [
        {
          mediaType: scanReportType,
          digest: layer.digest,
          size: layer.size,
          annotations: { "org.opencontainers.image.title": "scan.json" },
        },
      ],
      subject: { mediaType, digest, size, ...(artifactType === undefined ? {} : { artifactType }) },
      annotations: { "ingot.scan.verdict": report.verdict },
    }),
  );
  return {
    mediaType: mediaTypes.manifest,
    digest: manifest.digest,
    size: manifest.size,
    artifactType: scanReportType,
    annotations: { [subjectAnnotation]: digest },
  };
}

/** Entries other than those that tell of `subject` in the same words' type: what a new report replaces. */
export function withoutReports(entries: readonly Descriptor[], subject: Digest): Descriptor[] {
  return entries.filter(
    (entry) => entry.artifactType !== scanReportType || entry.annotations?.[subjectAnnotation] !== subject,
  );
}

/** The stored scan report of a package; null where it has none. @throws STORE_CORRUPT */
export async function scanReportOf(subject: Digest, store: Store): Promise<ScanReport | null> {
  const entry = (await store.entries()).find(
    (candidate) => candidate.artifactType === scanReportType && candidate.annotations?.[subjectAnnotation] === subject,
  );
  if (entry === undefined) return null;
  const [layer] = (await store.manifest(entry)).layers;
  if (layer === undefined) return null;
  try {
    return JSON.parse(Buffer.from(await store.read(layer)).toString("utf8")) as ScanReport;
  } catch (cause) {
    if (cause instanceof IngotError) throw cause;
    throw new IngotError("STORE_CORRUPT", { what: "a scan report is no JSON", where: store.folder, cause });
  }
}

function bytesOf(value: Json): Uint8Array {
  return Buffer.from(canonicalJson(value));
}
