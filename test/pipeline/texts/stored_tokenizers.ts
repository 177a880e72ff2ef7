// Tokenizers that Hugging Face's library trained, and what it made of 12,000 lines (fixtures/tokenizers/make.py).
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

export interface Answers {
  readonly ids: readonly (readonly number[])[];
  readonly hashes: readonly number[];
  readonly special: readonly number[];
  readonly pairs: readonly number[];
  readonly cut: readonly (readonly [single: number | null, pair: number | null])[];
  readonly decoded: readonly string[];
}

const unpacked = (name: string) => gunzipSync(readFileSync(`fixtures/tokenizers/${name}.json.gz`));

export const storedLines = (): string[] => JSON.parse(unpacked("lines").toString());
export const storedTokenizer = (name: string): Uint8Array => unpacked(`${name}.tokenizer`);
export const storedAnswers = (name: string): Answers => JSON.parse(unpacked(name).toString());

/** As the script that stored the answers has it. */
export function hashOf(ids: readonly number[]): number {
  return createHash("sha256").update(ids.join(",")).digest().readUInt32BE(0);
}
