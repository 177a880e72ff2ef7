import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Store } from "../../src/oci/index.ts";
import { initProject, openPackage, pack } from "../../src/package/index.ts";

const model = path.join(import.meta.dirname, "..", "..", "demo", "delay.txt");
let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "ingot-init-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test("an ingot.yaml is inferred from the model, and packs as it is", async () => {
  const file = path.join(root, "Flight Delay_v2.txt");
  copyFileSync(model, file);
  const { yaml, file: written } = await initProject(file);
  expect(written).toBe(path.join(root, "ingot.yaml"));
  expect(readFileSync(written, "utf8")).toBe(yaml);
  expect(yaml).toMatch(/^name: flight-delay-v2$/m);
  expect(yaml).toMatch(/^model: Flight Delay_v2\.txt$/m);
  expect(yaml).toMatch(/^ {2}origin: \{ type: string, missing: allow \} {2}# EWR, JFK, LGA$/m);
  expect(yaml).toMatch(/classes: \[class 0, class 1\]/);
  const store = await Store.open(path.join(root, "store"));
  const { certificate } = await pack(root, store);
  expect(certificate.examples).toBeNull();
  const opened = await openPackage("flight-delay-v2:0.1.0", store);
  expect(opened.description.schema.inputs).toHaveLength(15);
  expect(await opened.examples()).toEqual([]);
});

test("an existing ingot.yaml stays", async () => {
  copyFileSync(model, path.join(root, "m.txt"));
  writeFileSync(path.join(root, "ingot.yaml"), "mine");
  await expect(initProject(path.join(root, "m.txt"))).rejects.toMatchObject({ code: "PROJECT_EXISTS" });
  expect(readFileSync(path.join(root, "ingot.yaml"), "utf8")).toBe("mine");
});

test("what is no model is refused by name", async () => {
  await expect(initProject(path.join(root, "absent"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  await expect(initProject(root)).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
  writeFileSync(path.join(root, "notes.txt"), "hello");
  await expect(initProject(path.join(root, "notes.txt"))).rejects.toMatchObject({ code: "FORMAT_UNKNOWN" });
  copyFileSync(model, path.join(root, "m.txt"));
  await expect(initProject(path.join(root, "m.txt"), { name: "Not A Name" })).rejects.toMatchObject({ code: "USAGE" });
  await expect(initProject(path.join(root, "m.txt"), { folder: path.join(root, "elsewhere") })).rejects.toMatchObject({
    code: "PATH_UNSAFE",
  });
});
