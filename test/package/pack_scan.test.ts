// `ingot pack` scans what it packs: refuses, lets pass what the project names, and keeps the report beside the package.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { Store, subjectAnnotation } from "../../src/oci/index.ts";
import { openPackage, pack, removePackage, scanPackage, scanReportOf } from "../../src/package/index.ts";
import { demoProject } from "./projects.ts";

const temporary = mkdtempSync(path.join(tmpdir(), "ingot-pack-scan-"));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const elf = Buffer.concat([Buffer.from("\x7fELF"), Buffer.alloc(60, 7)]);

function project(name: string, files: Record<string, Uint8Array | string>, more = "") {
  const folder = path.join(temporary, name);
  const declared = Object.keys(files);
  demoProject(folder, (yaml) => `${yaml.replace(/^files:.*$/m, `files: [${declared.join(", ")}]`)}\n${more}`);
  for (const [file, content] of Object.entries(files)) writeFileSync(path.join(folder, file), content);
  return { folder, openStore: () => Store.open(path.join(temporary, `${name}-store`)) };
}

test("a clean project keeps its report as a referrer, which goes with the package", async () => {
  const { folder, openStore } = project("clean", { "NOTES.md": "# fine\n" });
  const store = await openStore();
  const packed = await pack(folder, store);
  expect(packed.scan.verdict).toBe("clean");
  const report = await scanReportOf(packed.digest, store);
  expect(report).toEqual(packed.scan);
  const entries = await store.entries();
  expect(entries).toHaveLength(2);
  const referrer = entries.find((entry) => entry.annotations?.[subjectAnnotation] === packed.digest)!;
  expect((await store.manifest(referrer)).subject).toMatchObject({ digest: packed.digest });

  const again = await pack(folder, store);
  expect(again.compared).toBe("same");
  expect(await store.entries()).toEqual(entries);
  expect((await scanPackage(packed.name, store)).verdict).toBe("clean");

  await removePackage(packed.name, store);
  expect(await store.entries()).toEqual([]);
});

test("critical findings are refused by name, and pass when the project says why", async () => {
  const refused = project("program", { tool: elf });
  await expect(pack(refused.folder, await refused.openStore())).rejects.toMatchObject({
    code: "SCAN_REFUSED",
    where: expect.stringContaining("tool"),
    what: expect.stringContaining("embedded-executable"),
  });
  const allowed = project(
    "allowed",
    { tool: elf },
    "scan: { allow: [{ rule: embedded-executable, reason: our own decoder }], unknown: allow }\n",
  );
  const store = await allowed.openStore();
  const packed = await pack(allowed.folder, store);
  expect(packed.scan.verdict).toBe("malicious");
  const { description } = await openPackage(packed.name, store);
  expect(description.scan).toEqual({
    allow: [{ rule: "embedded-executable", reason: "our own decoder" }],
    unknown: "allow",
  });
});

test("what nobody understands is refused, unless the project allows it", async () => {
  const bytes = Buffer.from([1, 2, 3, 250, 251, 0, 9]);
  const refused = project("unknown", { "blob.bin": bytes });
  await expect(pack(refused.folder, await refused.openStore())).rejects.toMatchObject({
    code: "SCAN_REFUSED",
    where: "blob.bin",
    what: "7 of 7 bytes were not understood",
  });
  const allowed = project("unknown-allowed", { "blob.bin": bytes }, "scan: { unknown: allow }\n");
  expect((await pack(allowed.folder, await allowed.openStore())).scan.verdict).toBe("unknown");
});

test("an exception for a rule that does not exist is an error of the project", async () => {
  const { folder, openStore } = project("typo", {}, "scan: { allow: [{ rule: embeded-executable, reason: x }] }\n");
  await expect(pack(folder, await openStore())).rejects.toMatchObject({
    code: "PROJECT_INVALID",
    what: expect.stringContaining("did you mean `embedded-executable`"),
  });
});
