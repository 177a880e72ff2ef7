// 7z archives of a real writer, by every method: the same content whatever packed it; what cannot be unpacked is told, and damage is found.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { containersOf, describeFile, memoryFile } from "../../src/formats/index.ts";
import { scanBytes } from "../../src/scan/index.ts";

const folder = path.join(import.meta.dirname, "..", "..", "fixtures", "sevenzip");
const bytesOf = (name: string) => readFileSync(path.join(folder, `${name}.7z`));

async function contents(bytes: Uint8Array): Promise<Record<string, string>> {
  const file = memoryFile(bytes, "a.7z");
  const [container] = await containersOf(file, bytes.subarray(0, 65_536));
  expect(container?.id).toBe("7z");
  await using tree = await container!.open(file);
  const found: Record<string, string> = {};
  for (const entry of tree.entries) {
    await using member = await tree.open(entry.path);
    found[entry.path] = Buffer.from(await member.readAll()).toString("hex");
  }
  return found;
}

test.each(["default", "lzma", "lzma2", "deflate", "bzip2"])("%s unpacks to what was packed", async (name) => {
  const stored = await contents(bytesOf("copy"));
  expect(Object.keys(stored)).toEqual(["model/README.md", "model/code.txt", "model/empty"]);
  expect(await contents(bytesOf(name))).toEqual(stored);
  const report = await scanBytes(bytesOf(name), `${name}.7z`);
  expect(report.files[0]).toMatchObject({ readers: ["7z"], covered: bytesOf(name).length, unread: [] });
});

test("what is packed by another method is unknown, and says so", async () => {
  const report = await scanBytes(bytesOf("ppmd"), "ppmd.7z");
  expect(report).toMatchObject({ verdict: "unknown", complete: false });
  expect(report.files[0]!.unread.join()).toMatch(/method 030401, which is not read/);
});

test("a pickle inside is found; the archive is described", async () => {
  const report = await scanBytes(bytesOf("pytorch_model"), "pytorch_model.7z");
  expect(report.verdict).toBe("malicious");
  expect(report.findings[0]).toMatchObject({ file: "pytorch_model.7z!/archive/data.pkl" });
  expect(await describeFile(path.join(folder, "default.7z"))).toMatchObject({
    format: "7z",
    summary: "7z archive of 3 files",
  });
});

test("a byte that is changed anywhere is never clean", async () => {
  const bytes = bytesOf("default");
  for (let at = 0; at < bytes.length; at += 7) {
    const damaged = Uint8Array.from(bytes);
    damaged[at]! ^= 0x55;
    const report = await scanBytes(damaged, "damaged.7z");
    // Two bytes say which version wrote it; nobody reads by them.
    if (at !== 7) expect(report.verdict, `byte ${at}`).not.toBe("clean");
  }
});

test("every archive here was looked at", () => {
  expect(readdirSync(folder).filter((name) => name.endsWith(".7z"))).toHaveLength(8);
});
