// Identity of the trained file that was read.
import { type Digest, digestOf } from "../core/index.ts";
import type { FileSource } from "../formats/index.ts";

export async function sourceDigest(source: FileSource): Promise<Digest> {
  return (await digestOf(blocks(source))).digest;
}

async function* blocks(source: FileSource): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < source.size; at += 1 << 20) yield source.read(at, at + (1 << 20));
}
