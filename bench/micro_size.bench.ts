// What a page loads to run a model without WebAssembly: the evaluator alone, and with the reader of ONNX files.
import path from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "rolldown";
import { markdown } from "./measure.ts";

const onnx = path.join(import.meta.dirname, "..", "src", "onnx");

/** One minified file, and the modules of Node that stand between it and a browser. */
async function bundle(entry: string): Promise<{ code: Uint8Array; imports: readonly string[] }> {
  const { output } = await build({
    input: entry,
    platform: "neutral",
    external: /^node:/,
    treeshake: true,
    write: false,
    output: { minify: true, codeSplitting: false },
  });
  const [chunk] = output;
  return { code: Buffer.from(chunk.code), imports: chunk.imports };
}

const entries = { evaluator: "evaluate/index.ts", "whole onnx layer": "index.ts" };
const rows: string[][] = [["bundle", "bytes", "gzip", "needs of Node"]];
for (const [name, entry] of Object.entries(entries)) {
  const { code, imports } = await bundle(path.join(onnx, entry));
  rows.push([name, String(code.length), String(gzipSync(code, { level: 9 }).length), imports.join(", ") || "nothing"]);
}
process.stdout.write(`## Size of the micro runtime\n\n${markdown(rows)}\n`);
