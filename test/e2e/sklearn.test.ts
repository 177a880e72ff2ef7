// scikit-learn pipelines as a user brings them: from the file of any release through the built command line to served answers.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type Answer, columnsOf, libraryAnswers, modelOf, sklearnCases } from "../convert/sklearn/fixture.ts";

const root = path.join(import.meta.dirname, "../..");
const bin = path.join(root, "bin", "ingot.mjs");
const scratch = mkdtempSync(path.join(tmpdir(), "ingot-sklearn-"));
const env = { ...process.env, INGOT_HOME: path.join(scratch, "home") };

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function ingot(...args: string[]) {
  const run = spawnSync(process.execPath, [bin, ...args], { env, encoding: "utf8", cwd: scratch });
  expect(run.status, run.stderr).toBe(0);
  return run.stdout;
}

// Text columns, missing values, booleans and numbers; 0.24 has tree nodes and modules that today's scikit-learn does not load.
const models: [release: string, name: string][] = [
  ["0.24.2", "frame-logistic"],
  ["0.24.2", "frame-forest"],
  ["0.24.2", "frame-boosting"],
  ["1.0.2", "orders-forest"],
  ["1.3.2", "orders-with-none"],
  ["1.9.1", "frame-forest"],
  ["1.9.1", "frame-selector"],
];

describe.each(models)("scikit-learn %s, %s", (release, name) => {
  const one = sklearnCases()
    .get(release)!
    .find((candidate) => candidate.case === name)!;
  const columns = columnsOf(one);
  const answers = libraryAnswers(one) as Readonly<Record<string, Answer>>;
  const records = columns[0]!.values.map((_, row) =>
    Object.fromEntries(
      columns.map((column) => [column.name, column.values[row] === "NaN" ? null : column.values[row]]),
    ),
  );
  const packageName = `${name}-${release.replaceAll(".", "-")}`;

  test("is packed, and answers over HTTP as predict and predict_proba do", async () => {
    const project = path.join(scratch, packageName);
    mkdirSync(project);
    writeFileSync(path.join(project, one.model), modelOf(one));
    writeFileSync(path.join(project, "ingot.yaml"), `name: ${packageName}\nversion: 1.0.0\nmodel: ${one.model}\n`);
    ingot("pack", project);
    const server = spawn(process.execPath, [bin, "serve", packageName, "--port", "0", "--json"], { env });
    try {
      const url = await urlOf(server.stdout);
      const response = await fetch(`${url}/predict`, { method: "POST", body: JSON.stringify(records) });
      const text = await response.text();
      expect(response.status, text).toBe(200);
      const found = JSON.parse(text) as { label: string; probabilities: Record<string, number> }[];
      const [labels, probabilities] = [answers["predict"]!.values, answers["predict_proba"]!];
      const width = probabilities.shape[1]!;
      found.forEach(({ label, probabilities: chances }, row) => {
        expect(label).toBe(labels[row]);
        Object.values(chances).forEach((chance, k) => {
          expect(Math.abs(chance - Number(probabilities.values[row * width + k]))).toBeLessThanOrEqual(1e-12);
        });
      });
      expect(found).toHaveLength(records.length);
    } finally {
      server.kill();
    }
  });
});

/** The address that the server prints first. */
async function urlOf(output: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of output) {
    text += String(chunk);
    const found = /http:\/\/[^\s"/]+/.exec(text);
    if (found) return found[0];
  }
  throw new Error(`the server said: ${text}`);
}
