// The messages against another codec (protobufjs, from docs/inference.proto): what one writes the other reads.
import path from "node:path";
import { loadSync, type MethodDefinition } from "@grpc/proto-loader";
import fc from "fast-check";
import { expect, test } from "vitest";
import { inferenceProto } from "../../../scripts/docs.ts";
import { modelInferRequest, modelInferResponse } from "../../../src/serve/grpc/inference_messages.ts";

const file = path.join(import.meta.dirname, "../../../docs/inference.proto");

test("docs/inference.proto is what the tables say", async () => {
  await expect(inferenceProto()).toMatchFileSnapshot(file);
});

const definition = loadSync(file, { keepCase: true, longs: String, arrays: true, oneofs: false });
const service = definition["inference.GRPCInferenceService"] as Record<string, MethodDefinition<object, object>>;
const { requestSerialize, requestDeserialize, responseDeserialize } = service["ModelInfer"]!;

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const text = fc.string({ unit: "grapheme" });
const contents = fc.record(
  {
    bool_contents: fc.array(fc.boolean()),
    int_contents: fc.array(fc.integer()),
    int64_contents: fc.array(int64),
    uint_contents: fc.array(fc.nat({ max: 2 ** 31 - 1 }).map((value) => value * 2 + 1)),
    uint64_contents: fc.array(uint64),
    fp32_contents: fc.array(fc.float()),
    fp64_contents: fc.array(fc.double()),
    bytes_contents: fc.array(fc.uint8Array()),
  },
  { requiredKeys: [] },
);
const parameter = fc.oneof(
  fc.record({ bool_param: fc.boolean() }),
  fc.record({ int64_param: int64 }),
  fc.record({ string_param: text }),
  fc.record({ double_param: fc.double() }),
  fc.record({ uint64_param: uint64 }),
);
const parameters = fc.dictionary(text, parameter, { maxKeys: 3, noNullPrototype: true });
const tensor = fc.record({
  name: text,
  datatype: text,
  shape: fc.array(int64, { maxLength: 4 }),
  contents,
  parameters,
});
const request = fc.record({
  model_name: text,
  model_version: text,
  id: text,
  parameters,
  inputs: fc.array(tensor, { maxLength: 3 }),
  outputs: fc.array(fc.record({ name: text, parameters }), { maxLength: 2 }),
  raw_input_contents: fc.array(fc.uint8Array(), { maxLength: 3 }),
});

/** Integers as digits, bytes and typed arrays as lists, nothing that is empty or a default: the form in which both can be compared. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) return [...value];
  if (ArrayBuffer.isView(value)) return plain([...(value as unknown as Iterable<unknown>)]);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([key, member]) => [key, plain(member)] as const);
  return Object.fromEntries(
    members.filter(([, member]) => member !== "" && !(Array.isArray(member) && member.length === 0)),
  );
}

/** Booleans are 0 and 1 in our typed arrays; long integers may be numbers. */
function comparable(value: unknown): string {
  return JSON.stringify(plain(value), (key, member) => {
    if (key.endsWith("_param") && typeof member === "number" && Number.isInteger(member)) return String(member);
    if (typeof member === "number" && !Number.isFinite(member)) return `${member}`;
    if (Object.is(member, -0)) return "-0";
    return key === "bool_contents" ? (member as unknown[]).map(Number) : member;
  });
}

test("requests: what protobufjs writes is what we read, and the other way round", () => {
  fc.assert(
    fc.property(request, (given) => {
      const digits = JSON.parse(
        JSON.stringify(given, (_, member) => (typeof member === "bigint" ? String(member) : member)),
      ) as object;
      const theirs = requestSerialize({ ...digits, ...withBytes(given) });
      const read = modelInferRequest.decode(theirs);
      const written = Buffer.from(modelInferRequest.encode(read));
      expect(comparable(requestDeserialize(written))).toBe(comparable(requestDeserialize(theirs)));
      expect(comparable(modelInferRequest.decode(written))).toBe(comparable(read));
      expect((read.inputs ?? []).map(({ shape }) => Array.from((shape ?? []) as Iterable<bigint>))).toEqual(
        given.inputs.map(({ shape }) => shape),
      );
      expect(plain(read.raw_input_contents ?? [])).toEqual(plain(given.raw_input_contents));
    }),
    { numRuns: 200 },
  );
});

/** JSON would have lost these. */
function withBytes(given: {
  inputs: readonly { contents: object }[];
  raw_input_contents: readonly Uint8Array[];
}): object {
  const inputs = JSON.parse(
    JSON.stringify(given.inputs, (_, member) => (typeof member === "bigint" ? String(member) : member)),
  ) as object[];
  return {
    inputs: inputs.map((input, i) => {
      const { bytes_contents, fp32_contents, fp64_contents } = given.inputs[i]!.contents as Record<string, unknown>;
      const kept = {
        ...(bytes_contents ? { bytes_contents } : {}),
        ...(fp32_contents ? { fp32_contents } : {}),
        ...(fp64_contents ? { fp64_contents } : {}),
      };
      return { ...input, contents: { ...(input as { contents: object }).contents, ...kept } };
    }),
    raw_input_contents: given.raw_input_contents,
  };
}

test("answers: what we write is what protobufjs reads", () => {
  const answer = {
    model_name: "m",
    model_version: "1",
    id: "",
    outputs: [{ name: "y", datatype: "FP32", shape: [2, 0] }],
    raw_output_contents: [new Uint8Array([1, 2])],
  };
  expect(responseDeserialize(Buffer.from(modelInferResponse.encode(answer)))).toMatchObject({
    model_name: "m",
    model_version: "1",
    outputs: [{ name: "y", datatype: "FP32", shape: ["2", "0"] }],
    raw_output_contents: [Buffer.from([1, 2])],
  });
});
