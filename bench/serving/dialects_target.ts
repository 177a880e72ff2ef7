// A server of one small dense layer, for comparing what the dialects themselves cost. Tells its ports to the parent.
import { digest, type Schema } from "../../src/core/index.ts";
import { float32, GraphBuilder, writeModel } from "../../src/onnx/index.ts";
import { openPredictor } from "../../src/runtime/index.ts";
import { startServer } from "../../src/serve/index.ts";

const width = 256;
const g = new GraphBuilder("dense");
const weights = float32(
  Float32Array.from({ length: width * 16 }, (_, i) => Math.sin(i)),
  [width, 16],
);
g.output(g.op("MatMul", [g.input("x", "float32", ["N", width]), g.constant(weights)]), "y");
const bytes = writeModel(g.build());
const tensor = { type: "float", dtype: "float32", layout: "batch" } as const;
const schema: Schema = {
  inputs: [{ name: "x", shape: [width], ...tensor }],
  outputs: [{ name: "y", shape: [16], ...tensor }],
};
const predictor = await openPredictor({ bytes }, schema);
const model = { name: "dense", version: "1.0.0", digest: digest(bytes), schema, predictor };
const server = await startServer({ models: [model], port: 0, grpcPort: 0, webFolder: null });
process.send!({ port: server.port, grpcPort: server.grpcPort });
process.on("disconnect", () => void server.close().then(() => process.exit()));
