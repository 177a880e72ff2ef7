// `ingot scan` and `ingot rules` as a terminal and a script see them.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import rules from "../../src/cli/commands/rules.ts";
import scan from "../../src/cli/commands/scan.ts";
import type { CommandIo } from "../../src/cli/io.ts";
import { Store } from "../../src/oci/index.ts";
import type { ScanReport } from "../../src/scan/index.ts";
import { callPickle } from "../scan/corpus/pickle_writer.ts";

const temporary = mkdtempSync(path.join(tmpdir(), "ingot-cli-scan-"));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));
writeFileSync(path.join(temporary, "model.pkl"), callPickle("os", "system"));
writeFileSync(path.join(temporary, "run.sh"), "#!/bin/sh\necho\n");
writeFileSync(path.join(temporary, "README.md"), "fine\n");
writeFileSync(path.join(temporary, "noise"), Buffer.from([200, 1, 2, 3]));

async function run(args: Record<string, unknown>) {
  const seen = { data: undefined as unknown, text: "" };
  const io: CommandIo = {
    json: false,
    quiet: false,
    cwd: temporary,
    home: temporary,
    result(data, render) {
      seen.data = data;
      seen.text = render();
    },
    async line(text) {
      seen.text += text;
    },
    note() {},
    openStore: () => Store.open(path.join(temporary, "store")),
  };
  const exit = await scan.run({ more: [], failOn: undefined, sarif: false, ...args } as never, io);
  return { ...seen, exit, report: seen.data as ScanReport };
}

const rows: [target: string, failOn: string | undefined, exit: number][] = [
  ["model.pkl", undefined, 1],
  ["model.pkl", "critical", 1],
  ["run.sh", undefined, 1],
  ["run.sh", "critical", 0],
  ["README.md", "low", 0],
  ["noise", "critical", 1],
];
test.each(rows)("scan %s --fail-on %s exits %i", async (target, failOn, exit) => {
  expect((await run({ target, failOn })).exit).toBe(exit);
});

test("the text says verdict, severity, place, reason and what to do", async () => {
  const { text } = await run({ target: "model.pkl" });
  expect(text).toMatch(/^model\.pkl\nMALICIOUS/);
  expect(text).toMatch(/CRITICAL {2}loading calls .*system/);
  expect(text).toMatch(/ at: model\.pkl at byte \d+\n {2}why: .*\n {2}fix: /);
  expect(text).toMatch(/100% of \d+ bytes explained by: pickle$/);
  expect((await run({ target: "noise" })).text).toContain("bytes 0–3: no reader knows them");
});

test("several targets: one report with the verdict of each, as text, JSON and SARIF", async () => {
  const more = ["README.md", "noise", "README.md"];
  const { exit, report, text } = await run({ target: "model.pkl", more });
  expect(exit).toBe(1);
  expect(report).toMatchObject({ verdict: "malicious", complete: false, target: "model.pkl, README.md, noise" });
  expect(report.targets).toEqual([
    { target: "model.pkl", verdict: "malicious" },
    { target: "README.md", verdict: "clean" },
    { target: "noise", verdict: "unknown" },
  ]);
  expect(report.files.map((file) => file.path)).toEqual(["model.pkl", "README.md", "noise"]);
  expect(text).toMatch(/^malicious {3}model\.pkl\nclean {7}README\.md\nunknown {5}noise\n\nMALICIOUS/);
  const sarif = JSON.parse((await run({ target: "README.md", more: ["model.pkl"], sarif: true })).text);
  expect(sarif.runs).toHaveLength(1);
  expect(sarif.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri).toBe("model.pkl");
  expect((await run({ target: "README.md", more: ["run.sh"], failOn: "critical" })).exit).toBe(0);
  await expect(run({ target: "README.md", more: ["./gone"] })).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
});

test("--sarif prints one SARIF document; rules are listed; wrong words are usage errors", async () => {
  expect(JSON.parse((await run({ target: "model.pkl", sarif: true })).text)).toMatchObject({ version: "2.1.0" });
  let listed: unknown[] = [];
  await rules.run({} as never, { result: (data: unknown[]) => (listed = data) } as unknown as CommandIo);
  expect(listed.length).toBeGreaterThan(30);
  await expect(run({ target: "model.pkl", failOn: "hihg" })).rejects.toMatchObject({ code: "USAGE" });
  await expect(run({ target: "./no/such/File" })).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  await expect(run({ target: "no-such-package" })).rejects.toMatchObject({ code: "PACKAGE_NOT_FOUND" });
});
