// The envelope of an Open Inference Protocol request, checked member by member; the values of its tensors are left alone.
import { IngotError, quoted } from "../../core/index.ts";
import type { RequestedOutput, ScheduleParameters } from "./oip_inference.ts";
import type { TensorHead } from "./oip_tensors.ts";

export interface RequestInput extends TensorHead {
  /** Values in JSON; null where they follow as bytes. */
  readonly data: readonly unknown[] | null;
  /** Bytes of this tensor after the JSON; null where `data` holds its values. */
  readonly binarySize: number | null;
}

export interface InferRequest {
  readonly id?: string;
  readonly inputs: readonly RequestInput[];
  readonly outputs?: readonly RequestedOutput[];
  /** Whether outputs that do not say themselves are sent as bytes. */
  readonly binaryOutput: boolean;
  readonly schedule: ScheduleParameters;
}

type Members = Readonly<Record<string, unknown>>;

/** @throws IngotError INPUT_INVALID naming the member that is wrong */
export function readInferRequest(given: unknown): InferRequest {
  const request = object(given, "request body");
  const { id } = request;
  if (id !== undefined && typeof id !== "string") throw wrong("id", "a string", id);
  const parameters = readParameters(request, "parameters");
  const inputs = array(request["inputs"], "inputs").map((input, i) => readInput(input, `inputs[${i}]`));
  const outputs =
    request["outputs"] === undefined
      ? undefined
      : array(request["outputs"], "outputs").map((output, i) => readOutput(output, `outputs[${i}]`));
  return {
    ...(id === undefined ? {} : { id }),
    inputs,
    ...(outputs ? { outputs } : {}),
    binaryOutput: flag(parameters, "binary_data_output", "parameters") ?? false,
    schedule: {
      priority: size(parameters, "priority", "parameters") ?? 0,
      timeoutUs: size(parameters, "timeout", "parameters") ?? 0,
    },
  };
}

function readInput(given: unknown, where: string): RequestInput {
  const input = object(given, where);
  const parameters = readParameters(input, `${where}.parameters`);
  const name = string(input["name"], `${where}.name`);
  const shape = array(input["shape"], `${where}.shape`).map((dim) => {
    if (!Number.isSafeInteger(dim) || (dim as number) < 0) throw wrong(`${where}.shape`, "sizes from 0 up", dim);
    return dim as number;
  });
  const datatype = string(input["datatype"], `${where}.datatype`);
  const binarySize = size(parameters, "binary_data_size", `${where}.parameters`);
  if (binarySize !== undefined && input["data"] !== undefined)
    throw new IngotError("INPUT_INVALID", {
      what: "stands beside `parameters.binary_data_size`",
      where: `${where}.data`,
      fix: "send one of the two",
    });
  const data = binarySize === undefined ? array(input["data"], `${where}.data`) : null;
  return { name, shape, datatype, data, binarySize: binarySize ?? null };
}

function readOutput(given: unknown, where: string): RequestedOutput {
  const output = object(given, where);
  const parameters = readParameters(output, `${where}.parameters`);
  const binary = flag(parameters, "binary_data", `${where}.parameters`);
  const classes = size(parameters, "classification", `${where}.parameters`);
  return {
    name: string(output["name"], `${where}.name`),
    ...(binary === undefined ? {} : { binary }),
    ...(classes ? { classes } : {}),
  };
}

/** Parameters that nobody here knows are legal and ignored, as the protocol says; those that would change where values come from are not. */
function readParameters(owner: Members, where: string): Members {
  if (owner["parameters"] === undefined) return {};
  const parameters = object(owner["parameters"], where);
  if (parameters["shared_memory_region"] !== undefined)
    throw new IngotError("INPUT_INVALID", {
      what: "shared memory is not supported",
      where: `${where}.shared_memory_region`,
      fix: "send the tensor in the request",
    });
  return parameters;
}

function flag(parameters: Members, name: string, where: string): boolean | undefined {
  const value = parameters[name];
  if (value === undefined || typeof value === "boolean") return value;
  throw wrong(`${where}.${name}`, "true or false", value);
}

function size(parameters: Members, name: string, where: string): number | undefined {
  const value = parameters[name];
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0))
    return value as number | undefined;
  throw wrong(`${where}.${name}`, "a whole number from 0 up", value);
}

function object(value: unknown, where: string): Members {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Members;
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
