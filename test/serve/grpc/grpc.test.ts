// The gRPC server, asked by a client that learned everything from reflection and brings its own codec.
import { Client, credentials, Metadata, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../../../src/serve/index.ts";
import { echoModel, everyDtype, peopleModel, probabilityModel, serve } from "../people_model.ts";
import { Peer } from "./peer.ts";

const service = "inference.GRPCInferenceService";
let server: RunningServer;
let peer: Peer;
beforeAll(async () => {
  server = await serve([await peopleModel(), await echoModel(), await probabilityModel()], { grpcPort: 0 });
  peer = new Peer(server.grpcPort!);
  for (const name of [service, "grpc.health.v1.Health"]) await peer.learn(name);
});
afterAll(async () => {
  peer.client.close();
  await server.close();
});

const ask = async (method: string, request: object) => (await peer.ask(`/${service}/${method}`, request)).answer;
const bytesOf = (array: ArrayBufferView) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
const text = (value: string) => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.byteLength(value));
  return Buffer.concat([length, Buffer.from(value)]);
};
const person = {
  model_name: "people",
  id: "p-1",
  inputs: [
    { name: "age", datatype: "INT64", shape: [1, 1] },
    { name: "height", datatype: "FP64", shape: [1, 1] },
    { name: "colour", datatype: "BYTES", shape: [1, 1] },
  ],
  raw_input_contents: [bytesOf(BigInt64Array.of(41n)), bytesOf(Float64Array.of(10)), text("red")],
};

describe("health and metadata", () => {
  const rows: [method: string, request: object, answer: unknown][] = [
    ["ServerLive", {}, { live: true }],
    ["ServerReady", {}, { ready: true }],
    ["ModelReady", { name: "people" }, { ready: true }],
    ["ModelReady", { name: "people", version: "1.2.0" }, { ready: true }],
    ["ServerMetadata", {}, { name: "ingot", version: "0.1.0", extensions: expect.arrayContaining(["statistics"]) }],
    [
      "ModelMetadata",
      { name: "odds" },
      {
        name: "odds",
        versions: ["1.2.0"],
        platform: "onnx_onnxv1",
        inputs: [{ name: "x", datatype: "FP32", shape: ["-1", "2"] }],
        outputs: [{ name: "share", datatype: "FP32", shape: ["-1", "2"] }],
      },
    ],
    [
      "ModelConfig",
      { name: "odds" },
      {
        config: {
          name: "odds",
          backend: "onnxruntime",
          platform: "onnxruntime_onnx",
          max_batch_size: 4096,
          dynamic_batching: {},
          scheduling_choice: "dynamic_batching",
          version_policy: { latest: { num_versions: 1 }, policy_choice: "latest" },
          input: [{ name: "x", data_type: "TYPE_FP32", dims: ["2"] }],
          output: [{ name: "share", data_type: "TYPE_FP32", dims: ["2"] }],
        },
      },
    ],
    ["RepositoryIndex", { ready: true }, { models: [{ name: "people", version: "1.2.0", state: "READY" }, {}, {}] }],
  ];
  test.each(rows)("%s %j", async (method, request, answer) => {
    expect(await ask(method, request)).toMatchObject(answer as object);
  });

  test.each([{ name: "people", version: "9" }, { name: "nobody" }, {}])(
    "ModelReady %j is no error, and false",
    async (model) => {
      // Without defaults, which protobuf does not send.
      expect(await ask("ModelReady", model)).toEqual({});
    },
  );

  test("grpc.health.v1 tells of the server and of each service", async () => {
    const check = async (name: string) => (await peer.ask("/grpc.health.v1.Health/Check", { service: name })).answer;
    expect([await check(""), await check(service)]).toEqual([{ status: "SERVING" }, { status: "SERVING" }]);
    await expect(check("nobody")).rejects.toMatchObject({ code: status.NOT_FOUND });
  });

  test.each(["v1", "v1alpha"])(
    "reflection %s lists services, describes them, and says what it does not know",
    async (version) => {
      const names = (await peer.reflect({ list_services: "" }, version)).services!.service.map(({ name }) => name);
      expect(names).toEqual([
        service,
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
      ]);
      for (const symbol of [
        "inference.ModelInferRequest",
        "inference.ModelInferRequest.inputs",
        `${service}.ModelInfer`,
      ])
        expect((await peer.reflect({ file_containing_symbol: symbol }, version)).files!.file).toHaveLength(1);
      expect((await peer.reflect({ file_by_filename: "inference.proto" }, version)).files!.file).toHaveLength(1);
      expect((await peer.reflect({ file_containing_symbol: "no.Such" }, version)).error).toEqual({
        error_code: 5,
        error_message: "not found: no.Such",
      });
    },
  );
});

describe("inference", () => {
  test("raw tensors in, raw tensors out, with what answered in the metadata", async () => {
    const metadata = new Metadata();
    metadata.set("ingot-request-id", "mine");
    const { answer, metadata: received } = await peer.ask(`/${service}/ModelInfer`, person, metadata);
    expect(answer).toEqual({
      model_name: "people",
      model_version: "1.2.0",
      id: "p-1",
      outputs: [
        { name: "sum", datatype: "FP64", shape: ["1"] },
        { name: "ratio", datatype: "FP64", shape: ["1"] },
        { name: "age_again", datatype: "INT64", shape: ["1"] },
        { name: "colour_again", datatype: "BYTES", shape: ["1"] },
      ],
      raw_output_contents: [
        bytesOf(Float64Array.of(51)),
        bytesOf(Float64Array.of(10)),
        bytesOf(BigInt64Array.of(41n)),
        text("red"),
      ],
    });
    expect(received.get("ingot-request-id")).toEqual(["mine"]);
    expect(received.get("ingot-package")[0]).toMatch(/^sha256:/);
    expect(received.get("ingot-variant")).toEqual(["main"]);
  });

  test("typed contents of every datatype that has them", async () => {
    const contents: Partial<Record<(typeof everyDtype)[number], object>> = {
      bool: { bool_contents: [true, false] },
      uint8: { uint_contents: [0, 255] },
      uint16: { uint_contents: [0, 65535] },
      uint32: { uint_contents: [0, 4294967295] },
      uint64: { uint64_contents: ["0", "18446744073709551615"] },
      int8: { int_contents: [-128, 127] },
      int16: { int_contents: [-32768, 32767] },
      int32: { int_contents: [-2147483648, 2147483647] },
      int64: { int64_contents: ["-9223372036854775808", "9007199254740993"] },
      float32: { fp32_contents: [0.5, -Infinity] },
      float64: { fp64_contents: [0.1, Number.NaN] },
      string: { bytes_contents: [Buffer.from(""), Buffer.from("é")] },
    };
    const { inputs } = (await ask("ModelMetadata", { name: "team a/echo" })) as {
      inputs: { name: string; datatype: string }[];
    };
    const half = bytesOf(Uint16Array.of(0x3c00, 0x0001));
    const all = everyDtype.map((dtype, i) => ({
      name: `in_${dtype}`,
      datatype: inputs[i]!.datatype,
      shape: [1, 2],
      contents: contents[dtype],
    }));
    // FP16 has no typed contents, and raw contents are all or none: refused by name.
    await expect(ask("ModelInfer", { model_name: "team a/echo", inputs: all })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: "inputs.in_float16: FP16 has no typed contents; send raw_input_contents",
    });
    const raw: Record<string, Buffer> = {
      bool: Buffer.from([1, 0]),
      uint8: Buffer.from([0, 255]),
      uint16: bytesOf(Uint16Array.of(0, 65535)),
      uint32: bytesOf(Uint32Array.of(0, 4294967295)),
      uint64: bytesOf(BigUint64Array.of(0n, 18446744073709551615n)),
      int8: bytesOf(Int8Array.of(-128, 127)),
      int16: bytesOf(Int16Array.of(-32768, 32767)),
      int32: bytesOf(Int32Array.of(-2147483648, 2147483647)),
      int64: bytesOf(BigInt64Array.of(-9223372036854775808n, 9007199254740993n)),
      float16: half,
      float32: bytesOf(Float32Array.of(0.5, -Infinity)),
      float64: bytesOf(Float64Array.of(0.1, Number.NaN)),
      string: Buffer.concat([text(""), text("é")]),
    };
    const answer = await ask("ModelInfer", {
      model_name: "team a/echo",
      inputs: all.map(({ contents: _, ...input }) => input),
      raw_input_contents: everyDtype.map((dtype) => raw[dtype]),
    });
    expect(answer["raw_output_contents"]).toEqual(everyDtype.map((dtype) => raw[dtype]));
  });

  test("typed contents become the same numbers", async () => {
    const [age, height, colour] = person.inputs;
    const answer = await ask("ModelInfer", {
      model_name: "people",
      inputs: [
        { ...age, contents: { int64_contents: ["9007199254740993"] } },
        { ...height, contents: { fp64_contents: [0.5] } },
        { ...colour, contents: { bytes_contents: [Buffer.from("é🙂")] } },
      ],
      outputs: [{ name: "colour_again" }, { name: "age_again" }],
    });
    expect(answer["raw_output_contents"]).toEqual([text("é🙂"), bytesOf(BigInt64Array.of(9007199254740993n))]);
  });

  test("classification, priority and timeout are parameters", async () => {
    const answer = await ask("ModelInfer", {
      model_name: "odds",
      inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], contents: { fp32_contents: [1, 3] } }],
      outputs: [{ name: "share", parameters: [{ key: "classification", value: { int64_param: 2 } }] }],
      parameters: [
        { key: "priority", value: { uint64_param: 1 } },
        { key: "timeout", value: { int64_param: 10_000_000 } },
        { key: "other", value: { string_param: "x" } },
      ],
    });
    expect(answer["outputs"]).toEqual([{ name: "share", datatype: "BYTES", shape: ["1", "2"] }]);
    expect(answer["raw_output_contents"]).toEqual([Buffer.concat([text("0.75:1:yes"), text("0.25:0:no")])]);
  });

  test("a stream answers in order; what is wrong in it is answered too, and the stream goes on", async () => {
    const requests = Array.from({ length: 100 }, (_, i) => ({
      ...person,
      id: String(i),
      ...(i === 7 ? { model_name: "poeple" } : {}),
    }));
    const answers = await peer.stream(`/${service}/ModelStreamInfer`, requests);
    expect(answers.map((answer) => (answer["infer_response"] as { id: string }).id)).toEqual(
      requests.map(({ id }) => id),
    );
    expect(answers[7]).toMatchObject({ error_message: 'no model is called "poeple"; did you mean "people"?' });
    expect(answers.filter((answer) => answer["error_message"])).toHaveLength(1);
  });

  test("large tensors", async () => {
    const rows = 100_000;
    const x = new Float32Array(rows * 2).fill(0.5);
    const answer = await ask("ModelInfer", {
      model_name: "odds",
      inputs: [{ name: "x", datatype: "FP32", shape: [rows, 2] }],
      raw_input_contents: [bytesOf(x)],
    });
    expect((answer["raw_output_contents"] as Buffer[])[0]!.equals(bytesOf(x))).toBe(true);
  });
});

test("statistics count what gRPC asked", async () => {
  const count = async () => {
    const { model_stats } = (await ask("ModelStatistics", { name: "odds" })) as {
      model_stats: { inference_count: string; inference_stats: { fail: { count: string } } }[];
    };
    return [Number(model_stats[0]!.inference_count), Number(model_stats[0]!.inference_stats.fail?.count ?? 0)] as const;
  };
  const [rows, failures] = await count();
  const inputs = [{ name: "x", datatype: "FP32", shape: [3, 2], contents: { fp32_contents: [1, 1, 1, 1, 1, 1] } }];
  await ask("ModelInfer", { model_name: "odds", inputs });
  await ask("ModelInfer", { model_name: "odds" }).catch(() => {});
  expect(await count()).toEqual([rows + 3, failures + 1]);
});

describe("refusals", () => {
  const [age, height, colour] = person.inputs;
  const x = { name: "x", datatype: "FP32", shape: [1, 2] };
  const rows: [name: string, method: string, request: object, code: number, details: RegExp][] = [
    [
      "an unknown model",
      "ModelInfer",
      { model_name: "poeple" },
      status.NOT_FOUND,
      /no model is called "poeple"; did you mean "people"\?/,
    ],
    ["an unknown version", "ModelMetadata", { name: "people", version: "9" }, status.NOT_FOUND, /no version "9"/],
    ["no inputs", "ModelInfer", { model_name: "people" }, status.INVALID_ARGUMENT, /inputs\.age: is missing/],
    [
      "an unknown input",
      "ModelInfer",
      { model_name: "odds", inputs: [{ ...x, name: "y" }] },
      status.INVALID_ARGUMENT,
      /no input "y"/,
    ],
    [
      "an unknown output",
      "ModelInfer",
      { ...person, outputs: [{ name: "summ" }] },
      status.INVALID_ARGUMENT,
      /no output "summ"; did you mean "sum"\?/,
    ],
    [
      "raw contents for some",
      "ModelInfer",
      { ...person, raw_input_contents: [Buffer.alloc(8)] },
      status.INVALID_ARGUMENT,
      /raw_input_contents: has 1 entries for 3 inputs/,
    ],
    [
      "both kinds of contents",
      "ModelInfer",
      { ...person, inputs: [{ ...age, contents: { int64_contents: [1] } }, height, colour] },
      status.INVALID_ARGUMENT,
      /inputs\.age: has contents beside raw_input_contents/,
    ],
    [
      "too few bytes",
      "ModelInfer",
      { model_name: "odds", inputs: [x], raw_input_contents: [Buffer.alloc(4)] },
      status.INVALID_ARGUMENT,
      /inputs\.x: shape \[1,2\] of FP32 takes 8 bytes, 4 were sent/,
    ],
    [
      "another datatype",
      "ModelInfer",
      { model_name: "odds", inputs: [{ ...x, datatype: "FP64" }], raw_input_contents: [Buffer.alloc(16)] },
      status.INVALID_ARGUMENT,
      /inputs\.x: expected datatype FP32, got "FP64"/,
    ],
    [
      "a negative size",
      "ModelInfer",
      { model_name: "odds", inputs: [{ ...x, shape: [-1, 2] }] },
      status.INVALID_ARGUMENT,
      /inputs\.x: expected sizes from 0 up in its shape, got -1/,
    ],
    [
      "a size of 2^62",
      "ModelInfer",
      { model_name: "odds", inputs: [{ ...x, shape: ["4611686018427387904", 2] }] },
      status.INVALID_ARGUMENT,
      /inputs\.x: expected sizes from 0 up/,
    ],
    [
      "contents in the wrong field",
      "ModelInfer",
      { model_name: "odds", inputs: [{ ...x, contents: { fp64_contents: [1, 2] } }] },
      status.INVALID_ARGUMENT,
      /FP32 stands in contents\.fp32_contents, not in fp64_contents/,
    ],
    [
      "an int8 that does not fit",
      "ModelInfer",
      {
        model_name: "team a/echo",
        inputs: [{ name: "in_int8", datatype: "INT8", shape: [1, 2], contents: { int_contents: [1, 128] } }],
      },
      status.INVALID_ARGUMENT,
      /inputs\.in_int8: expected INT8, got 128 \(element 1\)/,
    ],
    [
      "a text that is not UTF-8",
      "ModelInfer",
      { ...person, raw_input_contents: [Buffer.alloc(8), Buffer.alloc(8), Buffer.from([1, 0, 0, 0, 255])] },
      status.INVALID_ARGUMENT,
      /inputs\.colour: element 0 is not UTF-8/,
    ],
    [
      "a timeout that is text",
      "ModelInfer",
      { ...person, parameters: [{ key: "timeout", value: { string_param: "1s" } }] },
      status.INVALID_ARGUMENT,
      /parameters\.timeout: expected a whole number from 0 up, got "1s"/,
    ],
    ["loading", "RepositoryModelLoad", { model_name: "people" }, status.PERMISSION_DENIED, /--model-control/],
    [
      "overrides",
      "RepositoryModelLoad",
      { model_name: "people", parameters: [{ key: "config", value: { string_param: "{}" } }] },
      status.INVALID_ARGUMENT,
      /parameters\.config/,
    ],
  ];
  test.each(rows)("%s", async (_name, method, request, code, details) => {
    await expect(ask(method, request)).rejects.toMatchObject({ code, details: expect.stringMatching(details) });
  });

  const garbage: [name: string, hex: string, details: RegExp][] = [
    ["not protobuf", "68656c6c6f", /ModelInferRequest at byte \d+/],
    ["a length beyond the message", "0aff01", /needs 255 bytes, 0 left/],
    ["a number of 11 bytes", `08${"ff".repeat(11)}`, /wire type 0|longer than ten bytes/],
    ["field 0", "00", /field number 0 does not exist/],
    ["a name that is not UTF-8", "0a01ff", /not valid UTF-8/],
    ["a group", "0b", /wire type 3/],
  ];
  test.each(garbage)("garbage: %s", async (_name, hex, details) => {
    const failure = await peer.raw(`/${service}/ModelInfer`, Buffer.from(hex, "hex")).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringMatching(details) });
    expect(String((failure as { details: string }).details)).not.toMatch(/\.ts:\d/);
  });

  test("an unknown method, and a message above the limit", async () => {
    await expect(peer.raw(`/${service}/NoSuch`, Buffer.alloc(0))).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
    await expect(peer.raw(`/${service}/ModelInfer`, Buffer.alloc(33 * 2 ** 20))).rejects.toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
    });
    expect(await ask("ServerLive", {})).toEqual({ live: true });
  });
});

test("a message that grows beyond the limit when it is decompressed is refused, and the server goes on", async () => {
  const options = { "grpc.default_compression_algorithm": 2, "grpc.max_send_message_length": -1 };
  const client = new Client(`127.0.0.1:${server.grpcPort}`, credentials.createInsecure(), options);
  const same = (value: Buffer) => value;
  const send = (bytes: Buffer) =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(`/${service}/ServerLive`, same, same, bytes, (error, answer) =>
        error ? reject(error) : resolve(answer),
      );
    });
  await expect(send(Buffer.alloc(256 * 2 ** 20))).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  expect(await send(Buffer.alloc(0))).toEqual(Buffer.from([8, 1]));
  client.close();
});

test("a port that is taken is said before anything is served; a watched state ends with the server", async () => {
  const first = await serve([await probabilityModel()], { grpcPort: 0 });
  await expect(serve([await probabilityModel()], { grpcPort: first.grpcPort! })).rejects.toMatchObject({
    code: "ADDRESS_IN_USE",
  });
  const client = new Client(`127.0.0.1:${first.grpcPort}`, credentials.createInsecure());
  const seen: number[] = [];
  const call = client.makeServerStreamRequest(
    "/grpc.health.v1.Health/Watch",
    () => Buffer.alloc(0),
    (bytes: Buffer) => bytes[1] ?? 0,
    {},
  );
  const ended = new Promise((resolve) =>
    call
      .on("data", (state: number) => seen.push(state))
      .on("error", resolve)
      .on("end", resolve),
  );
  await new Promise((resolve) => call.once("data", resolve));
  const closed = first.close();
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(seen).toEqual([1, 2]);
  call.cancel();
  await Promise.all([ended, closed]);
  client.close();
});
