// What to do with a model of a format that Ingot reads and does not convert.

/** By family: `keras` is `keras-h5` too. */
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
  gguf: "a language model: llama.cpp and its kin run it; Ingot inspects and scans it",
  sentencepiece:
    "a tokenizer: save it as tokenizer.json (AutoTokenizer.from_pretrained(folder).save_pretrained(folder)), and name that in a `tokenize` step",
  safetensors: "weights without a graph: export the model that loads them to ONNX, and pack the .onnx",
  hdf5: "weights without a graph: export the model that loads them to ONNX, and pack the .onnx",
  huggingface: "export it with optimum (optimum-cli export onnx), and pack the .onnx",
  mlflow: "pack the model file inside of it",
  bentoml: "pack the model file inside of it",
  torchserve: "export the module inside of it to ONNX, and pack the .onnx",
};

/** @param id of a format @returns undefined where nobody knows better than `ingot formats` */
export function adviceFor(id: string): string | undefined {
  return Object.entries(instead).find(([family]) => id === family || id.startsWith(`${family}-`))?.[1];
}
