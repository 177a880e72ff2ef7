// Every file of the malicious corpus is found: with the severity its technique deserves, or as unknown, never as clean.
import { expect, test } from "vitest";
import { atLeast, fails, scanBytes } from "../../src/scan/index.ts";
import { corpus } from "./corpus/index.ts";

const samples = corpus();

test("the corpus has at least 150 files of different names", () => {
  expect(new Set(samples.map((sample) => sample.name)).size).toBe(samples.length);
  expect(samples.length).toBeGreaterThanOrEqual(150);
});

test.each(samples.map((sample) => [sample.name, sample.technique, sample] as const))(
  "%s: %s",
  async (name, _technique, sample) => {
    const report = await scanBytes(sample.bytes, name);
    expect(report.verdict).not.toBe("clean");
    const { expect: least, needs } = sample;
    const isRead = needs === undefined || report.files.some((file) => file.readers.includes(needs));
    if (least === "unknown" || !isRead) {
      expect(fails(report, "high") || report.verdict === "suspicious").toBe(true);
      return;
    }
    const found = report.findings.filter((finding) => atLeast(finding.severity, least));
    expect(
      found.map((finding) => finding.rule),
      JSON.stringify(report.findings),
    ).not.toEqual([]);
  },
);
