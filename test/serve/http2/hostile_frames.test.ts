// Connections of HTTP/2 by people who mean it ill, on the port of HTTP (plain and encrypted) and on that of gRPC: frames that no client would
// send. Whatever comes, the connection is refused or answered by the rules, others are answered, and nothing is logged as our failure.
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../../../src/serve/index.ts";
import { peopleModel, serve } from "../people_model.ts";
import { FrameClient, type FrameType, flags, frame, headerBlock, post, preface, setting, uint32 } from "./frames.ts";

const record = '{"age":41,"height":10,"colour":"red"}';
const [certificate, key] = ["one.cert.pem", "one.key.pem"].map((file) =>
  path.join(import.meta.dirname, "../listener/tls", file),
) as [string, string];
const errors: string[] = [];
let plain: RunningServer;
let encrypted: RunningServer;
beforeAll(async () => {
  const options = { errorLog: (line: string) => errors.push(line), headersTimeoutMs: 1000, grpcPort: 0 };
  plain = await serve([await peopleModel()], options);
  encrypted = await serve([await peopleModel()], { ...options, tls: { certificate, key } });
});
afterAll(async () => {
  await plain.close();
  await encrypted.close();
});

const ports: [which: string, port: () => number, isEncrypted: boolean, path: string][] = [
  ["HTTP by prior knowledge", () => plain.port, false, "/predict"],
  ["HTTP by ALPN", () => encrypted.port, true, "/predict"],
  ["gRPC", () => plain.grpcPort!, false, "/inference.GRPCInferenceService/ModelInfer"],
];

const { endHeaders, endStream } = flags;
const get = (target: string) =>
  headerBlock({ ":method": "GET", ":scheme": "http", ":path": target, ":authority": "a" });
const reset = (stream: number) => frame("RST_STREAM", 0, stream, uint32(8));
/** RFC 9113, 7: error codes. */
const [PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED, FRAME_SIZE_ERROR] = [1, 2, 3, 5, 6];
const [REFUSED_STREAM, COMPRESSION_ERROR, ENHANCE_YOUR_CALM] = [7, 9, 11];

describe.each(ports)("%s", (_which, port, isEncrypted, target) => {
  const open = (settings?: Buffer) => FrameClient.open(port(), { isEncrypted, ...(settings ? { settings } : {}) });

  const ask = (more = {}) =>
    post(target, { ...(target === "/predict" ? {} : { "content-type": "application/grpc" }), ...more });

  /** Another connection is answered. */
  async function othersAreAnswered() {
    const client = await open();
    client.send(frame("HEADERS", endHeaders, 1, ask()), frame("DATA", endStream, 1, Buffer.from(record)));
    expect(await client.until(({ type }) => type === "HEADERS")).not.toBeNull();
    client.close();
    expect(errors).toEqual([]);
  }

  const broken: [name: string, frames: () => Buffer[], codes: readonly number[]][] = [
    ["bytes that are no frames", () => [Buffer.alloc(100_000, 0xaa)], [FRAME_SIZE_ERROR, PROTOCOL_ERROR]],
    ["a frame longer than was agreed", () => [frame("DATA", 0, 1, Buffer.alloc(9), 16_000_000)], [FRAME_SIZE_ERROR]],
    ["data on a stream that never began", () => [frame("DATA", endStream, 5, Buffer.from("x"))], [PROTOCOL_ERROR]],
    ["a stream with the server's number", () => [frame("HEADERS", 5, 2, ask())], [PROTOCOL_ERROR]],
    ["a push", () => [frame("PUSH_PROMISE", 4, 1, Buffer.concat([uint32(2), ask()]))], [PROTOCOL_ERROR]],
    ["headers that do not decompress", () => [frame("HEADERS", 5, 1, Buffer.alloc(9, 0xff))], [COMPRESSION_ERROR]],
    [
      "a table size above the agreed one",
      () => [frame("HEADERS", 5, 1, Buffer.of(0x3f, 0xe1, 0xff, 0x7f))],
      [COMPRESSION_ERROR],
    ],
    [
      "a window that overflows",
      () => [0, 0].map(() => frame("WINDOW_UPDATE", 0, 0, uint32(2 ** 31 - 1))),
      [FLOW_CONTROL_ERROR],
    ],
    ["a window of 2^32 - 1", () => [frame("SETTINGS", 0, 0, setting(4, 2 ** 32 - 1))], [FLOW_CONTROL_ERROR]],
    ["a window update of nothing", () => [frame("WINDOW_UPDATE", 0, 0, uint32(0))], [PROTOCOL_ERROR]],
    ["settings of half a size", () => [frame("SETTINGS", 0, 0, Buffer.alloc(5))], [FRAME_SIZE_ERROR]],
    ["a ping of three bytes", () => [frame("PING", 0, 0, Buffer.alloc(3))], [FRAME_SIZE_ERROR]],
    [
      "padding longer than its frame",
      () => [frame("HEADERS", 4, 1, ask()), frame("DATA", 8, 1, Buffer.of(200, 1))],
      [PROTOCOL_ERROR],
    ],
    [
      "another frame amid headers",
      () => [frame("HEADERS", 0, 1, ask()), frame("PING", 0, 0, Buffer.alloc(8))],
      [PROTOCOL_ERROR],
    ],
    ["a continuation of nothing", () => [frame("CONTINUATION", 4, 1, ask())], [PROTOCOL_ERROR]],
    ["a second preface", () => [preface], [FRAME_SIZE_ERROR, PROTOCOL_ERROR]],
    [
      "data after the end of its stream",
      () => [frame("HEADERS", 5, 1, get("/healthz")), frame("DATA", endStream, 1, Buffer.from("x"))],
      [STREAM_CLOSED, PROTOCOL_ERROR],
    ],
    ["a name in capitals", () => [frame("HEADERS", 5, 1, ask({ "X-A": "1" }))], [PROTOCOL_ERROR]],
    ["no path", () => [frame("HEADERS", 5, 1, headerBlock({ ":method": "GET", ":scheme": "http" }))], [PROTOCOL_ERROR]],
    [
      "two paths",
      () => [frame("HEADERS", 5, 1, Buffer.concat([get("/"), headerBlock({ ":path": "/x" })]))],
      [PROTOCOL_ERROR],
    ],
    ["a header of connections", () => [frame("HEADERS", 5, 1, ask({ connection: "keep-alive" }))], [PROTOCOL_ERROR]],
    ["chunks", () => [frame("HEADERS", 5, 1, ask({ "transfer-encoding": "chunked" }))], [PROTOCOL_ERROR]],
    [
      "a body shorter than its content-length",
      () => [frame("HEADERS", 4, 1, ask({ "content-length": "300" })), frame("DATA", endStream, 1, Buffer.from("{}"))],
      [PROTOCOL_ERROR],
    ],
    [
      "a body longer than its content-length",
      () => [frame("HEADERS", 4, 1, ask({ "content-length": "1" })), frame("DATA", endStream, 1, Buffer.from("{}"))],
      [PROTOCOL_ERROR, INTERNAL_ERROR],
    ],
    ["a reset of a stream that never began", () => [reset(9)], [PROTOCOL_ERROR]],
    [
      "a stream that depends on itself",
      () => [
        frame("PRIORITY", 0, 1, Buffer.concat([uint32(1), Buffer.of(1)])),
        frame("RST_STREAM", 0, 3, Buffer.of(1)),
      ],
      [FRAME_SIZE_ERROR, PROTOCOL_ERROR],
    ],
  ];
  test("what breaks the rules is refused by its code", async () => {
    await Promise.all(
      broken.map(async ([name, frames, codes]) => {
        const client = await open();
        client.send(...frames());
        const code = await client.refusal().catch((error: Error) => error.message);
        // Over TLS a connection may end before its last words are read.
        expect([...codes, null], name).toContain(code);
        client.close();
      }),
    );
    await othersAreAnswered();
  });

  const floods: [name: string, one: (index: number) => Buffer, first?: Buffer][] = [
    [
      "streams that are reset at once (CVE-2023-44487)",
      (i) => Buffer.concat([frame("HEADERS", endHeaders, 2 * i + 1, ask()), reset(2 * i + 1)]),
    ],
    [
      "whole requests that are reset at once",
      (i) =>
        Buffer.concat([
          frame("HEADERS", endHeaders, 2 * i + 1, ask()),
          frame("DATA", endStream, 2 * i + 1, Buffer.from(record)),
          reset(2 * i + 1),
        ]),
    ],
    ["streams beyond the limit", (i) => frame("HEADERS", endHeaders, 2 * i + 1, ask())],
    [
      "continuations with headers (CVE-2024-27316)",
      (i) => frame("CONTINUATION", 0, 1, headerBlock({ [`x${i}`]: "y".repeat(4000) })),
      frame("HEADERS", 0, 1, ask()),
    ],
    ["continuations of nothing", () => frame("CONTINUATION", 0, 1), frame("HEADERS", 0, 1, ask())],
    ["data frames of nothing", () => frame("DATA", 0, 1), frame("HEADERS", endHeaders, 1, ask())],
    ["pings", () => frame("PING", 0, 0, Buffer.alloc(8))],
    ["settings", () => frame("SETTINGS", 0, 0, setting(4, 65_535))],
    ["priorities", (i) => frame("PRIORITY", 0, 2 * i + 1, Buffer.concat([uint32(0), Buffer.of(16)]))],
    [
      "streams that make the server reset them",
      (i) => Buffer.concat([frame("HEADERS", 5, 2 * i + 1, ask({ "X-A": "1" }))]),
    ],
  ];
  test.each(floods)("a flood of %s harms nobody else", async (_name, one, first) => {
    const client = await open();
    if (first) client.send(first);
    const before = process.memoryUsage().rss;
    const hundred = (from: number) => Buffer.concat(Array.from({ length: 100 }, (_, i) => one(from + i)));
    for (let sent = 0; sent < 10_000 && (await client.push(hundred(sent))); sent += 100) {
      // The server is this process: it gets its turn.
      await new Promise((resolve) => setImmediate(resolve));
      if (sent === 5000) await othersAreAnswered();
    }
    await othersAreAnswered();
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
    client.close();
  });

  test("streams that are reset by the thousand end the connection", async () => {
    const client = await open();
    for (let i = 0; i < 5000 && !client.isClosed; i += 100) {
      const many = Array.from({ length: 100 }, (_, k) => {
        const stream = 2 * (i + k) + 1;
        return Buffer.concat([frame("HEADERS", endHeaders, stream, ask()), reset(stream)]);
      });
      if (!(await client.push(Buffer.concat(many)))) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([INTERNAL_ERROR, ENHANCE_YOUR_CALM]).toContain(await client.refusal());
    await client.closed;
  });

  test("of many streams at once, those beyond the limit are refused one by one", async () => {
    const client = await open();
    const settings = await client.until(({ type, flag }) => type === "SETTINGS" && flag === 0);
    const limits = new Map<number, number>();
    for (let at = 0; at < settings!.payload.length; at += 6)
      limits.set(settings!.payload.readUInt16BE(at), settings!.payload.readUInt32BE(at + 2));
    const limit = limits.get(3)!;
    expect(limit).toBeLessThanOrEqual(256);
    // A client that has not acknowledged the settings may send more: it hears of each. Afterwards it ends the connection.
    for (let i = 0; i < limit + 20; i++) client.send(frame("HEADERS", endHeaders, 2 * i + 1, ask()));
    for (let i = limit; i < limit + 20; i++) expect(await client.refusal(2 * i + 1)).toBe(REFUSED_STREAM);
    const seen = (type: FrameType) => client.seen.filter((one) => one.type === type).length;
    expect(seen("GOAWAY")).toBe(0);
    client.close();
    await othersAreAnswered();
  });
});
