// Reads, converts and writes one model, as a process of its own: convert_child.ts <model> <model.onnx>
import { writeFileSync } from "node:fs";
import { convertModel } from "../src/convert/index.ts";
import { detectFormat, openFile } from "../src/formats/index.ts";
import { writeModel } from "../src/onnx/index.ts";

const [model, onnx] = process.argv.slice(2) as [string, string];
await using file = await openFile(model);
const format = await detectFormat(file);
const { model: graph } = convertModel(format, await format.read(file));
writeFileSync(onnx, writeModel(graph));
