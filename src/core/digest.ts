// Content identity: how Ingot names bytes.
import { nodeCrypto } from "./node_crypto.ts";

/** `sha256:<64 hex>`; the only form that is written, sha512 is also read. */
export type Digest = `sha256:${string}` | `sha512:${string}`;

/** OCI digest grammar for the two registered algorithms (image-spec, descriptor.md). */
export function isDigest(text: unknown): text is Digest {
  return typeof text === "string" && /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(text);
}

/** sha256 digest of bytes or of a string's UTF-8 form. */
export function digest(bytes: Uint8Array | string): Digest {
  return `sha256:${nodeCrypto().hash("sha256", bytes)}`;
}

/**
 * Digest of a byte stream, in one pass and constant memory.
 * @param chunks any async or sync iterable of bytes
 * @returns the digest and the number of bytes seen
 */
export async function digestOf(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
  const sha256 = nodeCrypto().createHash("sha256");
  let size = 0;
  for await (const chunk of chunks) {
    sha256.update(chunk);
    size += chunk.byteLength;
  }
  return { digest: `sha256:${sha256.digest("hex")}` as Digest, size };
}
