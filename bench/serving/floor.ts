// The floor: what node:http and session.run cost with nothing around them. Takes a graph file and the schema of its inputs.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Schema } from "../../src/core/index.ts";

const [graph, schemaFile, port = "0"] = process.argv.slice(2);
const { inputs, outputs } = JSON.parse(readFileSync(schemaFile!, "utf8")) as Schema;
const session = await InferenceSession.create(graph!, { intraOpNumThreads: 1, interOpNumThreads: 1 });
const arrays = { float32: Float32Array, float64: Float64Array } as const;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", async () => {
    const record = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, never>;
    const feeds: Record<string, Tensor> = {};
    for (const { name, dtype, layout, shape } of inputs) {
      const dims = layout === "column" ? [1, 1] : [1, ...(shape as number[])];
      const value = record[name] as unknown;
      const values = Array.isArray(value) ? value.flat(9) : [value];
      if (dtype === "string") feeds[name] = new Tensor("string", [String(value ?? "")], dims);
      else if (dtype === "int64") feeds[name] = new Tensor("int64", BigInt64Array.from(values.map(BigInt)), dims);
      else {
        const numbers = arrays[dtype as keyof typeof arrays].from(values.map((each) => (each as number) ?? Number.NaN));
        feeds[name] = new Tensor(dtype as "float64", numbers as Float64Array, dims);
      }
    }
    const results = await session.run(feeds);
    const answer: Record<string, unknown> = {};
    for (const { name, shape } of outputs) {
      const values = Array.from(results[name]!.data as Float64Array);
      answer[name] = shape.length === 0 ? values[0] : values;
    }
    const body = Buffer.from(JSON.stringify(answer));
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": body.length }).end(body);
  });
});
server.listen(Number(port), "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.once("disconnect", () => process.exit());
