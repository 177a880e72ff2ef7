// Real packages whose answers say which version gave them: `y = x + version`, `by = "version"`.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Store } from "../../src/oci/index.ts";
import { float64, GraphBuilder, int64, strings, writeModel } from "../../src/onnx/index.ts";
import { pack } from "../../src/package/index.ts";

/**
 * Packs `numbered:<version>.0.0` into a store.
 * @param breaksAbove the model fails inside where `x` is larger
 */
export async function packNumbered(folder: string, home: string, version: number, breaksAbove = 1e9): Promise<void> {
  const project = path.join(folder, `numbered-${version}`);
  mkdirSync(project, { recursive: true });
  writeFileSync(path.join(project, "model.onnx"), graphOf(version, breaksAbove));
  writeFileSync(
    path.join(project, "ingot.yaml"),
    `name: numbered\nversion: ${version}.0.0\nmodel: model.onnx\nexamples: examples.jsonl\n`,
  );
  writeFileSync(path.join(project, "examples.jsonl"), '{"inputs": {"x": 1}}\n{"inputs": {"x": 2}}\n');
  await pack(project, await Store.open(path.join(home, "store")));
}

function graphOf(version: number, breaksAbove: number): Uint8Array {
  const g = new GraphBuilder("numbered");
  const x = g.input("x", "float64", ["N", 1]);
  const flat = g.op("Reshape", [x, g.constant(int64([-1]))]);
  // A place beyond the only one of the list: ONNX Runtime refuses to run.
  const isAbove = g.op("Cast", [g.op("Greater", [flat, g.constant(float64([breaksAbove]))])], { to: 7 });
  const offset = g.op("Gather", [g.constant(float64([version])), isAbove]);
  g.output(g.op("Add", [flat, offset]), "y");
  g.output(g.op("Expand", [g.constant(strings([String(version)])), g.op("Shape", [flat])]), "by");
  return writeModel(g.build());
}
