// Runs a graph on the two ONNX runtimes as they are, with one thread: sums in tree order.
import type { Model, Tensor } from "../../src/onnx/index.ts";
import { writeModel } from "../../src/onnx/index.ts";

type Ort = typeof import("onnxruntime-node");

export const runtimes = ["native", "wasm"] as const;
export type RuntimeName = (typeof runtimes)[number];

async function load(runtime: RuntimeName): Promise<Ort> {
  if (runtime === "native") return (await import("onnxruntime-node")).default ?? (await import("onnxruntime-node"));
  const ort = (await import("onnxruntime-web/wasm")) as unknown as Ort;
  ort.env.wasm.numThreads = 1;
  return ort;
}

const onnxTypes: Readonly<Record<string, string>> = {
  float32: "float32",
  float64: "float64",
  string: "string",
  int64: "int64",
  bool: "bool",
};

export async function run(
  runtime: RuntimeName,
  model: Model,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  const ort = await load(runtime);
  const session = await ort.InferenceSession.create(writeModel(model), { intraOpNumThreads: 1, interOpNumThreads: 1 });
  try {
    const inputs = Object.entries(feeds).map(([name, { dtype, dims, data }]) => [
      name,
      new ort.Tensor(onnxTypes[dtype] as "float64", data as Float64Array, [...dims]),
    ]);
    const results = await session.run(Object.fromEntries(inputs));
    return Object.fromEntries(
      Object.entries(results).map(([name, tensor]) => [
        name,
        { dtype: tensor.type as Tensor["dtype"], dims: [...tensor.dims], data: tensor.data as Tensor["data"] },
      ]),
    );
  } finally {
    await session.release();
  }
}
