// The envelope of an Open Inference Protocol request, checked member by member.
import { IngotError, quoted } from "../../core/index.ts";
import type { OipTensor } from "./oip_tensors.ts";

export interface InferRequest {
  readonly id?: string;
  readonly inputs: readonly OipTensor[];
  readonly outputs?: readonly { readonly name: string }[];
}

/** @throws IngotError INPUT_INVALID naming the member that is wrong */
export function readInferRequest(given: unknown): InferRequest {
  const request = object(given, "request body");
  const { id } = request;
  if (id !== undefined && typeof id !== "string") throw wrong("id", "a string", id);
  const inputs = array(request["inputs"], "inputs").map((input, i) => readInput(input, `inputs[${i}]`));
  const outputs =
    request["outputs"] === undefined
      ? undefined
      : array(request["outputs"], "outputs").map((output, i) => ({
          name: string(object(output, `outputs[${i}]`)["name"], `outputs[${i}].name`),
        }));
  return { ...(id === undefined ? {} : { id }), inputs, ...(outputs ? { outputs } : {}) };
}

function readInput(given: unknown, where: string): OipTensor {
  const input = object(given, where);
  const parameters = input["parameters"];
  if (parameters !== undefined && "binary_data_size" in object(parameters, `${where}.parameters`))
    throw new IngotError("INPUT_INVALID", {
      what: "binary tensors are not supported",
      where: `${where}.parameters.binary_data_size`,
      fix: "send the values in `data`",
    });
  const name = string(input["name"], `${where}.name`);
  const shape = array(input["shape"], `${where}.shape`).map((dim) => {
    if (!Number.isSafeInteger(dim) || (dim as number) < 0) throw wrong(`${where}.shape`, "sizes from 0 up", dim);
    return dim as number;
  });
  const datatype = string(input["datatype"], `${where}.datatype`);
  return { name, shape, datatype, data: array(input["data"], `${where}.data`) };
}

function object(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw wrong(where, "an object", value);
}

function array(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw wrong(where, "an array", value);
}

function string(value: unknown, where: string): string {
  if (typeof value === "string") return value;
  throw wrong(where, "a string", value);
}

function wrong(where: string, expected: string, value: unknown): IngotError {
  const what = value === undefined ? "is missing" : `expected ${expected}, got ${quoted(value)}`;
  return new IngotError("INPUT_INVALID", { what, where });
}
