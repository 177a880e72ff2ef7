import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { violations } from "../../scripts/check_layers.ts";

const rows: [name: string, file: string, text: string, message: RegExp | null][] = [
  ["left is fine", "onnx/a.ts", `import { x } from "../core/index.ts";`, null],
  ["same layer is fine", "onnx/a.ts", `import { x } from "./deep/b.ts";`, null],
  ["right is refused", "core/a.ts", `import { x } from "../onnx/index.ts";`, /core must not know onnx/],
  ["type imports count", "core/a.ts", `import type { X } from "../cli/index.ts";`, /core must not know cli/],
  ["re-exports count", "core/a.ts", `export * from "../oci/index.ts";`, /core must not know oci/],
  ["dynamic imports count", "core/a.ts", `const x = import("../oci/index.ts");`, /core must not know oci/],
  ["neighbours do not know each other", "serve/a.ts", `import "../batch/index.ts";`, /serve must not know batch/],
  ["only through index.ts", "onnx/a.ts", `import { x } from "../core/digest.ts";`, /through their index\.ts/],
  ["no vague names", "core/utils.ts", "export {};", /a name that says what it holds/],
  ["no unknown layer", "stuff/a.ts", "export {};", /no layer is called stuff/],
];

test.each(rows)("%s", (_name, file, text, message) => {
  const source = mkdtempSync(path.join(tmpdir(), "ingot-layers-"));
  onTestFinished(() => rmSync(source, { recursive: true }));
  mkdirSync(path.dirname(path.join(source, file)), { recursive: true });
  writeFileSync(path.join(source, file), text);
  const found = violations(source);
  if (message === null) expect(found).toEqual([]);
  else expect(found.join("\n")).toMatch(message);
});
