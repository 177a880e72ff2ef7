// Bodies of the binary extension: JSON, then the bytes of tensors. In requests and in answers alike, the header
// `Inference-Header-Content-Length` says where the JSON ends, counted before any compression.
import { bytesFollow, IngotError, type InputSpec, quoted } from "../../core/index.ts";
import type { Tensor } from "../../onnx/index.ts";
import { writeJson } from "../../runtime/index.ts";
import { textOf } from "../body.ts";
import type { ServedModel } from "../served_model.ts";
import { datatypeOf } from "./oip_datatypes.ts";
import { addFeed, type InferCall, inputSpec } from "./oip_inference.ts";
import { type InferRequest, readInferRequest } from "./oip_request.ts";
import { readTensor, tensorShape, writeTensor } from "./oip_tensors.ts";
import { readPythonJson } from "./python_json.ts";
import { rawTensor, readRawTensor } from "./raw_tensors.ts";
import { RememberedHeads } from "./remembered_heads.ts";

export const headerLength = "inference-header-content-length";

/**
 * The tensors and wishes of a request. Its JSON may hold bare NaN: tritonclient writes it.
 * @param jsonLength value of the header, if it was sent
 * @throws IngotError JSON_MALFORMED, INPUT_INVALID naming the member or input
 */
export function readInferBody(
  body: Buffer,
  jsonLength: string | undefined,
  model: Pick<ServedModel, "schema">,
): InferCall {
  const end = jsonLength === undefined ? body.length : jsonEnd(jsonLength, body.length);
  if (jsonLength !== undefined && end === 0) return rawRequest(body, model);
  const request = jsonLength === undefined ? readHead(body) : remembered.read(body.subarray(0, end), readHead);
  const feeds: Record<string, Tensor> = Object.create(null);
  let at = end;
  for (const input of request.inputs) {
    const spec = inputSpec(input.name, model);
    let tensor: Tensor;
    if (input.data) tensor = readTensor({ ...input, data: input.data }, spec);
    else {
      const size = input.binarySize!;
      if (size > body.length - at) throw missingBytes(spec, size, body.length - at, jsonLength === undefined);
      tensor = readRawTensor(input, body.subarray(at, at + size), spec);
      at += size;
    }
    addFeed(feeds, spec, tensor);
  }
  if (at !== body.length)
    throw new IngotError("INPUT_INVALID", {
      what: `${bytesFollow(body.length - at)} the last tensor`,
      where: "request body",
      fix: "give every tensor its `binary_data_size`; their sum and the JSON are the body",
    });
  const outputs = request.outputs ?? [];
  const { id, binaryOutput, schedule } = request;
  return { feeds, outputs, binaryOutput, schedule, ...(id === undefined ? {} : { id }) };
}

const remembered = new RememberedHeads();

function readHead(bytes: Buffer): InferRequest {
  return readInferRequest(readPythonJson(textOf(bytes), "request body"));
}

function jsonEnd(given: string, length: number): number {
  const end = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
  if (end <= length) return end;
  throw new IngotError("INPUT_INVALID", {
    what: Number.isNaN(end)
      ? `expected a number of bytes, got ${quoted(given)}`
      : `is ${end}, the body has ${length} bytes`,
    where: "header Inference-Header-Content-Length",
    fix: "send the length of the JSON before compression",
  });
}

function missingBytes(spec: InputSpec, size: number, left: number, withoutHeader: boolean): IngotError {
  return new IngotError("INPUT_INVALID", {
    what: `needs ${size} bytes after the JSON, ${left} are left`,
    where: `inputs.${spec.name}`,
    fix: withoutHeader
      ? "send the length of the JSON as header Inference-Header-Content-Length"
      : "the body must hold every tensor in the order of `inputs`",
  });
}

/** A body that is one tensor and nothing else: for models with one input that has one size to find out, besides that of the batch. */
function rawRequest(body: Buffer, model: Pick<ServedModel, "schema">): InferCall {
  const [spec, another] = model.schema.inputs;
  const refusal = (what: string) =>
    new IngotError("INPUT_INVALID", {
      what,
      where: "header Inference-Header-Content-Length",
      fix: "send the JSON that describes the tensors, and its length",
    });
  if (!spec || another)
    throw refusal(`a request without JSON needs a model with one input, this one has ${model.schema.inputs.length}`);
  const shape = spec.layout === "whole" ? tensorShape(spec) : [1, ...tensorShape(spec).slice(1)];
  const open = shape.indexOf(-1);
  if (open !== shape.lastIndexOf(-1)) throw refusal(`more than one size of inputs.${spec.name} varies: [${shape}]`);
  const { name: datatype, width } = datatypeOf(spec.dtype, spec.name);
  if (open !== -1) {
    if (width === 0) throw refusal(`how many texts inputs.${spec.name} holds cannot be known from bytes`);
    const rest = shape.reduce((product, dim) => (dim === -1 ? product : product * dim), width);
    shape[open] = rest === 0 ? 0 : Math.floor(body.length / rest);
  }
  // One text may come bare, as it does in Triton.
  const bytes = width === 0 && shape.every((dim) => dim === 1) ? withLength(body) : body;
  const feeds: Record<string, Tensor> = Object.create(null);
  addFeed(feeds, spec, readRawTensor({ name: spec.name, datatype, shape }, bytes, spec));
  return { feeds, outputs: [], binaryOutput: true, schedule: { priority: 0, timeoutUs: 0 } };
}

function withLength(body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([length, body]);
}

export interface InferAnswer {
  readonly body: string | Buffer;
  /** Bytes of JSON in front; null where there is nothing else. */
  readonly jsonLength: number | null;
}

/** One answer from the head of its JSON and its tensors; those that are `binary` follow the JSON as bytes. */
export function writeInferBody(
  head: object,
  tensors: readonly (readonly [name: string, tensor: Tensor, binary: boolean])[],
): InferAnswer {
  const raw: Uint8Array[] = [];
  const outputs = tensors.map(([name, tensor, binary]) => {
    if (!binary) return writeTensor(name, tensor);
    const bytes = rawTensor(name, tensor);
    raw.push(bytes);
    const { name: datatype } = datatypeOf(tensor.dtype, name);
    return { name, datatype, shape: tensor.dims, parameters: { binary_data_size: bytes.byteLength } };
  });
  if (raw.length === 0) return { body: writeJson({ ...head, outputs }), jsonLength: null };
  // Without values there is nothing that plain JSON cannot say.
  const bytes = Buffer.from(
    raw.length === outputs.length ? JSON.stringify({ ...head, outputs }) : writeJson({ ...head, outputs }),
  );
  return { body: Buffer.concat([bytes, ...raw]), jsonLength: bytes.length };
}
