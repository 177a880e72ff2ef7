// One file of the malicious corpus: what it does to scanners, its bytes, and what a scan has to say.
import type { Severity } from "../../../src/scan/index.ts";

export interface Sample {
  /** File name, unique in the corpus. */
  readonly name: string;
  /** The technique, in a few words. */
  readonly technique: string;
  readonly bytes: Uint8Array;
  /** The least that must be found; `unknown` where nobody can say more than that. */
  readonly expect: Severity | "unknown";
  /** The reader without which nobody can say more than `unknown`. */
  readonly needs?: string;
}

/** What every payload would run: visible, and harmless. */
export const command = "echo ingot-test-payload";

export function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
