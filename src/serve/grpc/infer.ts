// ModelInfer: protobuf messages to tensors and back. Tensors come as raw bytes or as typed contents, and leave as raw bytes.
import { IngotError, type InputSpec, quoted } from "../../core/index.ts";
import { dataType, type Tensor, type TensorData } from "../../onnx/index.ts";
import { datatypeOf } from "../dialects/oip_datatypes.ts";
import { addFeed, type InferCall, inputSpec, type RequestedOutput } from "../dialects/oip_inference.ts";
import { checkHead, type TensorHead, tensorRefusal } from "../dialects/oip_tensors.ts";
import { rawTensor, readRawTensor, readText } from "../dialects/raw_tensors.ts";
import type { ServedModel } from "../served_model.ts";
import type {
  InferParameter,
  InferTensor,
  InferTensorContents,
  ModelInferRequest,
  ModelInferResponse,
} from "./inference_messages.ts";

/** @throws IngotError INPUT_INVALID naming the input */
export function readInfer(request: ModelInferRequest, model: Pick<ServedModel, "schema">): InferCall {
  const { inputs = [], raw_input_contents: raw = [] } = request;
  if (raw.length > 0 && raw.length !== inputs.length)
    throw new IngotError("INPUT_INVALID", {
      what: `has ${raw.length} entries for ${inputs.length} inputs`,
      where: "raw_input_contents",
      fix: "send one for every input, in their order, or none",
    });
  const feeds: Record<string, Tensor> = Object.create(null);
  for (const [index, input] of inputs.entries()) {
    const spec = inputSpec(input.name ?? "", model);
    const head = { name: spec.name, datatype: input.datatype ?? "", shape: shapeOf(input, spec) };
    if (input.parameters?.["shared_memory_region"])
      throw tensorRefusal(spec, "shared memory is not supported", "send the tensor in the request");
    if (raw.length > 0 && input.contents)
      throw tensorRefusal(spec, "has contents beside raw_input_contents", "send one of the two");
    const tensor =
      raw.length > 0 ? readRawTensor(head, raw[index]!, spec) : readContents(head, input.contents ?? {}, spec);
    addFeed(feeds, spec, tensor);
  }
  const parameters = request.parameters ?? {};
  return {
    feeds,
    outputs: (request.outputs ?? []).map(readOutput),
    binaryOutput: true,
    schedule: { priority: natural(parameters, "priority"), timeoutUs: natural(parameters, "timeout") },
    ...(request.id === undefined ? {} : { id: request.id }),
  };
}

function shapeOf({ shape = [] }: InferTensor, spec: InputSpec): number[] {
  return Array.from(shape as Iterable<bigint | number>, (dim) => {
    const size = Number(dim);
    if (!Number.isSafeInteger(size) || size < 0)
      throw tensorRefusal(spec, `expected sizes from 0 up in its shape, got ${dim}`);
    return size;
  });
}

function readOutput({
  name = "",
  parameters = {},
}: {
  name?: string;
  parameters?: Readonly<Record<string, InferParameter>>;
}): RequestedOutput {
  const classes = natural(parameters, "classification");
  return { name, ...(classes > 0 ? { classes } : {}) };
}

/** A parameter that is a whole number; 0 when it is not there. */
function natural(parameters: Readonly<Record<string, InferParameter>>, name: string): number {
  const parameter = parameters[name];
  if (!parameter) return 0;
  const value = Number(parameter.int64_param ?? parameter.uint64_param ?? Number.NaN);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new IngotError("INPUT_INVALID", {
    what: `expected a whole number from 0 up, got ${quoted(Object.values(parameter)[0])}`,
    where: `parameters.${name}`,
  });
}

/** Which field of the contents holds a datatype. FP16 and BF16 have none. */
const fieldOf: Readonly<Record<string, Exclude<keyof InferTensorContents, "bytes_contents">>> = {
  BOOL: "bool_contents",
  INT8: "int_contents",
  INT16: "int_contents",
  INT32: "int_contents",
  INT64: "int64_contents",
  UINT8: "uint_contents",
  UINT16: "uint_contents",
  UINT32: "uint_contents",
  UINT64: "uint64_contents",
  FP32: "fp32_contents",
  FP64: "fp64_contents",
};

function readContents(head: TensorHead, contents: InferTensorContents, spec: InputSpec): Tensor {
  const { datatype, length } = checkHead(head, spec);
  const field = datatype.name === "BYTES" ? "bytes_contents" : fieldOf[datatype.name];
  if (!field) throw tensorRefusal(spec, `${datatype.name} has no typed contents`, "send raw_input_contents");
  const stranger = Object.keys(contents).find((name) => name !== field);
  if (stranger !== undefined)
    throw tensorRefusal(spec, `${datatype.name} stands in contents.${field}, not in ${stranger}`);
  const values = contents[field] ?? [];
  if (values.length !== length)
    throw tensorRefusal(spec, `shape [${head.shape}] needs ${length} values, contents has ${values.length}`);
  const { dtype } = spec;
  if (field === "bytes_contents") {
    const texts = (values as readonly Uint8Array[]).map((bytes, index) =>
      readText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), spec, index),
    );
    return { dtype, dims: head.shape, data: texts };
  }
  return { dtype, dims: head.shape, data: narrowed(values as Exclude<TensorData, string[]>, spec, datatype.name) };
}

/** INT8 and INT16 travel as int32: what does not fit is refused, not cut off. */
function narrowed(values: Exclude<TensorData, string[]>, spec: InputSpec, datatype: string): TensorData {
  const Elements = dataType(spec.dtype).array!;
  if (values instanceof Elements) return values;
  const data = new Elements(values.length);
  for (let i = 0; i < values.length; i++) {
    data[i] = values[i]!;
    if (data[i] !== values[i]) throw tensorRefusal(spec, `expected ${datatype}, got ${values[i]} (element ${i})`);
  }
  return data;
}

export function writeInfer(
  model: ServedModel,
  id: string | undefined,
  results: readonly { readonly output: RequestedOutput; readonly tensor: Tensor }[],
): ModelInferResponse {
  return {
    model_name: model.name,
    model_version: model.version,
    id: id ?? "",
    outputs: results.map(({ output, tensor }) => ({
      name: output.name,
      datatype: datatypeOf(tensor.dtype, output.name).name,
      shape: tensor.dims,
    })),
    raw_output_contents: results.map(({ output, tensor }) => rawTensor(output.name, tensor)),
  };
}
