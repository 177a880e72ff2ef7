// What each dialect costs: the same tensor through every door of one server, in turn.
import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import path from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import { modelInferRequest } from "../src/serve/grpc/inference_messages.ts";
import { duration, markdown, median } from "./measure.ts";

const width = 256;
const rounds = 5;
const roundMs = Number(process.env["ROUND_MS"] ?? 1000);
const connections = 8;

const child = fork(path.join(import.meta.dirname, "serving/dialects_target.ts"), {
  stdio: ["ignore", "ignore", "inherit", "ipc"],
});
const [{ port, grpcPort }] = (await once(child, "message")) as [{ port: number; grpcPort: number }];
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const client = new Client(`127.0.0.1:${grpcPort}`, credentials.createInsecure(), {
  "grpc.max_send_message_length": -1,
  "grpc.max_receive_message_length": -1,
});

/** Sends once and waits for the answer. @throws when it is no success */
type Send = () => Promise<void>;

function http(target: string, body: Buffer, headers: Record<string, string | number> = {}): Send {
  const options = { port, path: target, method: "POST", agent, headers: { ...headers, "Content-Length": body.length } };
  return () =>
    new Promise((resolve, reject) => {
      const sent = request(options, (response) => {
        response
          .resume()
          .once("end", () =>
            response.statusCode === 200 ? resolve() : reject(new Error(`${target}: ${response.statusCode}`)),
          );
      });
      sent.once("error", reject).end(body);
    });
}

function grpc(body: Buffer): Send {
  const same = (value: Buffer) => value;
  return () =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest("/inference.GRPCInferenceService/ModelInfer", same, same, body, (error) =>
        error ? reject(error) : resolve(),
      );
    });
}

function doors(rows: number): Record<string, { readonly send: Send; readonly bytes: number }> {
  const values = Float32Array.from({ length: rows * width }, (_, i) => Math.fround(Math.cos(i) * 3));
  const raw = Buffer.from(values.buffer);
  const records = Array.from({ length: rows }, (_, row) => Array.from(values.subarray(row * width, (row + 1) * width)));
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  const head = { name: "x", datatype: "FP32", shape: [rows, width] };
  const described = json({
    inputs: [{ ...head, parameters: { binary_data_size: raw.length } }],
    parameters: { binary_data_output: true },
  });
  const infer = "/v2/models/dense/infer";
  const table: Record<string, readonly [body: Buffer, send: (body: Buffer) => Send]> = {
    "gRPC, raw contents": [
      Buffer.from(modelInferRequest.encode({ model_name: "dense", inputs: [head], raw_input_contents: [raw] })),
      grpc,
    ],
    "OIP, binary": [
      Buffer.concat([described, raw]),
      (body) => http(infer, body, { "Inference-Header-Content-Length": described.length }),
    ],
    "OIP, JSON": [json({ inputs: [{ ...head, data: Array.from(values) }] }), (body) => http(infer, body)],
    "`/predict`": [json(records.map((x) => ({ x }))), (body) => http("/predict", body)],
    "TF Serving": [json({ instances: records }), (body) => http("/v1/models/dense:predict", body)],
    MLflow: [json({ inputs: records }), (body) => http("/invocations", body)],
  };
  return Object.fromEntries(
    Object.entries(table).map(([name, [body, send]]) => [name, { send: send(body), bytes: body.length }]),
  );
}

/** Requests per second with a fixed number of clients that wait for their answers. */
async function rate(send: Send, ms: number): Promise<number> {
  const started = performance.now();
  let answered = 0;
  const loop = async () => {
    while (performance.now() - started < ms) {
      await send();
      answered++;
    }
  };
  await Promise.all(Array.from({ length: connections }, loop));
  return (answered * 1000) / (performance.now() - started);
}

try {
  console.log("## Dialects\n");
  console.log(
    `One tensor of float32 [N, ${width}] into a dense layer of 16, ${connections} connections, load generator on the same machine.\n`,
  );
  const table: (string | number)[][] = [["", "rows", "request", "requests/s", "time per request", "of OIP binary"]];
  for (const rows of [1, 64]) {
    const all = doors(rows);
    const rates: Record<string, number[]> = {};
    for (let round = -1; round < rounds; round++)
      for (const [name, { send }] of Object.entries(all)) {
        const measured = await rate(send, roundMs);
        if (round >= 0) rates[name] = [...(rates[name] ?? []), measured];
      }
    const reference = median(rates["OIP, binary"]!);
    for (const [name, { bytes }] of Object.entries(all)) {
      const found = median(rates[name]!);
      table.push([
        name,
        rows,
        `${(bytes / 1024).toFixed(1)} KiB`,
        Math.round(found),
        duration(1000 / found),
        `${Math.round((100 * found) / reference)} %`,
      ]);
    }
  }
  console.log(markdown(table));
} finally {
  client.close();
  agent.destroy();
  child.disconnect();
}
