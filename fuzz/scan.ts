// Fuzz target: a whole scan of any bytes. It must end with a report, whatever the readers meet, and never call damage clean.
import { strict as assert } from "node:assert";
import { sarifOf, scanBytes } from "../src/scan/index.ts";

export const name = "scan";

export async function target(bytes: Uint8Array): Promise<void> {
  const report = await scanBytes(bytes, "fuzz.bin");
  const [file] = report.files;
  assert.equal(file?.size, bytes.length);
  assert.ok(file.covered >= 0 && file.covered <= file.size, "covers what is not there");
  assert.equal(report.verdict === "clean" && !report.complete, false, "clean, but not understood");
  const failed = report.files
    .flatMap((scanned) => scanned.unread)
    .find((detail) => detail.startsWith("a reader failed:"));
  assert.equal(failed, undefined);
  sarifOf(report, "0.0.0");
}
