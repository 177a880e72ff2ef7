// The certificate of a graph that becomes no package: what `ingot convert` writes beside it.
import type { Converted } from "../convert/index.ts";
import type { FileSource } from "../formats/index.ts";
import { type Certificate, writeCertificate } from "./certificate.ts";
import { certify } from "./certify.ts";
import { largestMicroGraph } from "./measure.ts";
import { sourceDigest } from "./source_digest.ts";

/**
 * @param graph the graph as it is written
 * @returns null for a graph too large to be run beside its conversion
 * @throws IngotError VERIFY_FAILED naming the row and both values
 */
export async function certifyConversion(
  converted: Converted,
  graph: Uint8Array,
  { format, source }: { readonly format: string; readonly source: FileSource },
): Promise<{ readonly certificate: Certificate; readonly bytes: Uint8Array } | null> {
  if (graph.length > largestMicroGraph) return null;
  // Two runtimes: WebAssembly takes longer to load than most models to convert. `ingot pack` asks all three.
  const { certificate } = await certify(
    converted,
    { graph, runnable: { bytes: graph } },
    { source: { format, digest: await sourceDigest(source) }, runtimes: ["micro", "native"], ofThisMachine: true },
  );
  return { certificate, bytes: writeCertificate(certificate) };
}
