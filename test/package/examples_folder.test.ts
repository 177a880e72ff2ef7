// The example that a person copies: packed with its certificate, and equal to its training code step by step.
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { Store } from "../../src/oci/index.ts";
import { skewOfProject } from "../../src/package/index.ts";

const root = mkdtempSync(path.join(tmpdir(), "ingot-example-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("examples/tabular-expressions computes what its training code recorded", async () => {
  const folder = path.join(root, "copy");
  cpSync(path.join(import.meta.dirname, "..", "..", "examples", "tabular-expressions"), folder, { recursive: true });
  const rows = { name: "rows.jsonl", bytes: readFileSync(path.join(folder, "rows.jsonl")) };
  const report = await skewOfProject(folder, await Store.open(path.join(root, "store")), rows);
  expect(report).toMatchObject({ ok: true, rows: 100, compared: 100, differing: 0 });
});
