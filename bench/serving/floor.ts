// The floor: what node:http and session.run cost with nothing around them. Takes a graph file and the schema of its inputs.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Schema } from "../../src/core/index.ts";

const [graph, schemaFile] = process.argv.slice(2);
const { inputs, outputs } = JSON.parse(readFileSync(schemaFile!, "utf8")) as Schema;
const session = await InferenceSession.create(graph!, { intraOpNumThreads: 1, interOpNumThreads: 1 });

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", async () => {
    const record = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, never>;
    const feeds: Record<string, Tensor> = {};
    for (const { name, dtype } of inputs)
      feeds[name] =
        dtype === "string"
          ? new Tensor("string", [record[name] ?? ""], [1, 1])
          : new Tensor("float64", Float64Array.of(record[name] ?? Number.NaN), [1, 1]);
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
server.listen(0, "127.0.0.1", () => process.send!((server.address() as AddressInfo).port));
process.once("disconnect", () => process.exit());
