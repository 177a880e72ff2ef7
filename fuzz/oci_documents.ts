// index.json, manifests and what a package says of itself, as a hostile store would hold them.
import { parseIndex, parseManifest } from "../src/oci/index.ts";
import { parseCertificate } from "../src/package/certificate.ts";
import { parseDescription } from "../src/package/description.ts";
import { filesOf } from "../src/package/model_pack.ts";

export const name = "oci_documents";

/** The kind of document follows from the bytes, so that every kind is reached from its own seeds. */
export function target(bytes: Uint8Array): void {
  const text = Buffer.from(bytes).toString("latin1");
  if (text.includes('"tolerances"')) parseCertificate(bytes, "certificate.json");
  else if (text.includes('"formatVersion"')) parseDescription(bytes, "ingot.json");
  else if (text.includes('"manifests"')) parseIndex(bytes, "index.json");
  else filesOf(parseManifest(bytes, "manifest"), "manifest");
}
