// The built command line: a project with a program in it is refused, packed with a reason, and its scan goes with the package.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { demoProject } from "../package/projects.ts";
import { callPickle } from "../scan/corpus/pickle_writer.ts";

const bin = path.join(import.meta.dirname, "../../bin/ingot.mjs");
const scratch = mkdtempSync(path.join(tmpdir(), "ingot-e2e-scan-"));
const home = path.join(scratch, "home");
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function ingot(...args: string[]) {
  const env = { ...process.env, INGOT_HOME: home };
  const run = spawnSync(process.execPath, [bin, ...args], { env, encoding: "utf8", cwd: scratch });
  return { status: run.status, out: run.stdout, err: run.stderr };
}

test("pack refuses a critical finding; the override is recorded and the report stored beside the package", () => {
  const folder = demoProject(path.join(scratch, "project"), (yaml) => yaml.replace(/^files:.*$/m, "files: [tool]"));
  writeFileSync(path.join(folder, "tool"), Buffer.concat([Buffer.from("\x7fELF"), Buffer.alloc(60, 7)]));
  const scanned = ingot("scan", path.join("project", "tool"));
  expect(scanned.status).toBe(1);
  expect(scanned.out).toMatch(/CRITICAL +.*\[embedded-executable\]/);

  const refused = ingot("pack", "project");
  expect(refused.status).not.toBe(0);
  expect(refused.err).toMatch(
    /\[SCAN_REFUSED\][\s\S]*at: .*tool[\s\S]*fix: .*scan: \{ allow: \[\{ rule: embedded-executable/,
  );
  expect(JSON.parse(ingot("ls", "--json").out)).toEqual([]);

  const exception = "scan: { allow: [{ rule: embedded-executable, reason: our own decoder }], unknown: allow }\n";
  const yaml = path.join(folder, "ingot.yaml");
  writeFileSync(yaml, `${readFileSync(yaml, "utf8")}\n${exception}`);
  const packed = ingot("pack", "project");
  expect(packed.err).not.toContain("error:");
  expect(packed.status).toBe(0);

  const shown = JSON.parse(ingot("show", "flight-delay", "--json").out);
  expect(shown.scan).toMatchObject({ verdict: "malicious" });
  expect(shown.scanExceptions.allow).toEqual([{ rule: "embedded-executable", reason: "our own decoder" }]);
  expect(ingot("show", "flight-delay").out).toContain("our own decoder");
  const index = JSON.parse(readFileSync(path.join(home, "store", "index.json"), "utf8"));
  const types = index.manifests.map((one: { artifactType?: string }) => one.artifactType);
  expect(types).toContain("application/vnd.ingot.scan-report.v1+json");

  const again = ingot("scan", "flight-delay");
  expect(again.status).toBe(1);
  expect(again.out).toContain("embedded-executable");
});

test("names of files neither move the cursor, nor begin a line, nor hide the files beside them", () => {
  const folder = path.join(scratch, "names");
  mkdirSync(folder);
  const name = "a\u001b[2J\u202e\n   at: b.pkl";
  writeFileSync(path.join(folder, name), callPickle("os", "system"));
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x7a, 0xff])]), "text");
  const shown = "a\\u001b[2J\\u202e\\n   at: b.pkl";
  const scanned = ingot("scan", "names");
  expect(scanned.status).toBe(1);
  expect(scanned.out).toContain(`at: names/${shown} at byte`);
  expect(scanned.out).toMatch(/z\ufffd: not read\n +its name is not UTF-8\n/);
  const json = ingot("scan", "names", "--json").out;
  expect(json).not.toMatch(/\p{Bidi_Control}|[^\P{Cc}\n]/u);
  expect(JSON.parse(json).findings[0].file).toBe(`names/${name}`);
  const refused = ingot("convert", path.join("names", name));
  expect(refused.err.split("\n")).toEqual([expect.any(String), expect.stringContaining(shown), expect.any(String), ""]);
});
