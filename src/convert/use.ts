// What Ingot can do with a model that was read: convert it and run the graph, or why not and what to do instead.
import { IngotError } from "../core/index.ts";
import type { ModelRead } from "../formats/index.ts";
import { compileGraph } from "../onnx/index.ts";
import { convertModel } from "./index.ts";

export type ModelUse =
  | {
      readonly converts: true;
      /** Runtimes that run the graph. */
      readonly runtimes: readonly ("native" | "wasm" | "micro")[];
      /** Outputs that are bit-identical to the library's, and those with a stated last-place error. */
      readonly exact: readonly string[];
      readonly close: readonly string[];
      readonly notes: readonly string[];
    }
  | {
      readonly converts: false;
      readonly why: string;
      readonly where?: string;
      readonly instead: string;
    };

/** Converting takes memory: what is larger is left to `ingot convert`. */
const largestTried = 256 << 20;

/** What to do with formats that are read only. */
const instead: Readonly<Record<string, string>> = {
  pytorch: "export the module where it was trained: torch.onnx.export(model, example, dynamo=True), and pack the .onnx",
  keras:
    'export it where it was trained: model.export("model.onnx", format="onnx") of Keras 3.8 or later, and pack the .onnx',
  tensorflow: "convert it with tf2onnx where TensorFlow is installed, and pack the .onnx",
  tfjs: "export the model that it was made from to ONNX, and pack the .onnx",
  tflite: "convert it with `python -m tf2onnx.convert --tflite`, or the model that it was made from; pack the .onnx",
  ort: "pack the .onnx file that it was made from",
  openvino: "pack the model that it was converted from, as ONNX",
  coreml: "pack the model that it was converted from, as ONNX",
  pmml: "pack the model that the PMML was exported from",
  "xgboost-legacy": "load it with XGBoost before 3.1 and save it as .json or .ubj, and pack that",
  gguf: "a language model: llama.cpp and its kin run it; Ingot inspects and scans it",
  safetensors: "weights without a graph: export the model that loads them to ONNX, and pack the .onnx",
  hdf5: "weights without a graph: export the model that loads them to ONNX, and pack the .onnx",
  huggingface: "export it with optimum (optimum-cli export onnx), and pack the .onnx",
  mlflow: "pack the model file inside of it",
  bentoml: "pack the model file inside of it",
  torchserve: "export the module inside of it to ONNX, and pack the .onnx",
};

export function findUse({ format, model, size }: ModelRead): ModelUse {
  if (format === null)
    return {
      converts: false,
      why: "a folder of files, not a model of one format",
      instead: "name the model file in it",
    };
  if (size > largestTried)
    return {
      converts: false,
      why: `not tried on a model of more than ${largestTried >> 20} MiB`,
      instead: "`ingot convert` tries it",
    };
  try {
    const converted = convertModel(format, model);
    const names = converted.schema.outputs.map(({ name }) => name);
    // A graph that arrived as ONNX is run as it is: there is no library to compare with.
    const compared = format.id === "onnx" ? [] : names;
    const exact = compared.filter((name) => converted.promises[name]?.exact === true);
    return {
      converts: true,
      runtimes: ["native", "wasm", ...(runsOnMicro(converted.model) ? (["micro"] as const) : [])],
      exact,
      close: compared.filter((name) => converted.promises[name]?.exact === false),
      notes: converted.notes,
    };
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    return {
      converts: false,
      why: error.what,
      ...(error.where === undefined ? {} : { where: error.where }),
      instead: adviceOf(format.id) ?? error.fix ?? "see `ingot formats` for what can be packed",
    };
  }
}

function adviceOf(id: string): string | undefined {
  return Object.entries(instead).find(([family]) => id === family || id.startsWith(`${family}-`))?.[1];
}

function runsOnMicro(model: Parameters<typeof compileGraph>[0]): boolean {
  try {
    compileGraph(model);
    return true;
  } catch (error) {
    if (error instanceof IngotError) return false;
    throw error;
  }
}
