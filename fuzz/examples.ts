// examples.jsonl from anyone.
import { parseExamples } from "../src/package/examples.ts";

export const name = "examples";

export function target(bytes: Uint8Array): void {
  parseExamples(bytes, "examples.jsonl");
}
