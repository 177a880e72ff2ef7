import {
  brotliCompressSync,
  constants,
  createZstdCompress,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../../src/serve/index.ts";
import { peopleModel, serve } from "./people_model.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await serve([await peopleModel()], { bodyLimit: 2000 });
});
afterAll(() => server.close());

const post = (body: string | Uint8Array<ArrayBuffer>, init: RequestInit = {}) =>
  fetch(`${server.url}/predict`, { method: "POST", body, ...init });

describe("answers", () => {
  const full = { age: 39, height: 170.5, colour: "red" };
  const answer = { sum: 209.5, ratio: -170.5, age_again: 39, colour_again: "red" };

  const rows: [name: string, body: string, expected: unknown][] = [
    ["a record", JSON.stringify(full), answer],
    ["an array of one", JSON.stringify([full]), [answer]],
    [
      "an array, in order",
      JSON.stringify([full, { ...full, colour: "é🙂" }]),
      [answer, { ...answer, colour_again: "é🙂" }],
    ],
    ["no records", "[]", []],
    [
      "null as missing",
      '{"age":1,"height":null,"colour":"red"}',
      { sum: "NaN", ratio: "NaN", age_again: 1, colour_again: "red" },
    ],
    ["absent as missing", '{"age":1,"colour":"red"}', { sum: "NaN", ratio: "NaN", age_again: 1, colour_again: "red" }],
    [
      "infinities in and out",
      '{"age":1,"height":"-Infinity","colour":"red"}',
      { sum: "-Infinity", ratio: "Infinity", age_again: 1, colour_again: "red" },
    ],
    ["white space", ` ${JSON.stringify(full)}\n`, answer],
  ];
  test.each(rows)("%s", async (_name, body, expected) => {
    const response = await post(body);
    expect(await response.json()).toEqual(expected);
    expect(response.status).toBe(200);
  });

  test("any content type, or none", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream"])
      expect((await post(JSON.stringify(full), { headers: { "Content-Type": type } })).status).toBe(200);
  });

  test("integers beyond 2^53 keep every digit", async () => {
    const text = await (await post('{"age":9007199254740993,"height":0,"colour":"red"}')).text();
    expect(text).toContain('"age_again":9007199254740993');
  });

  test("every answer says what gave it", async () => {
    const { headers } = await post(JSON.stringify(full), { headers: { "Ingot-Request-Id": "order-77" } });
    expect(headers.get("ingot-request-id")).toBe("order-77");
    expect(headers.get("ingot-package")).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(headers.get("ingot-variant")).toBe("main");
    expect(headers.get("server-timing")).toMatch(
      /^parse;dur=[\d.]+, queue;dur=[\d.]+, compute;dur=[\d.]+, encode;dur=[\d.]+$/,
    );
  });

  test("an id that is not printable, or too long, is replaced", async () => {
    for (const id of ["a b", "x".repeat(129), ""]) {
      const { headers } = await post(JSON.stringify(full), { headers: { "Ingot-Request-Id": id } });
      expect(headers.get("ingot-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

describe("refusals", () => {
  const rows: [name: string, body: string | Uint8Array<ArrayBuffer>, status: number, code: string, message: RegExp][] =
    [
      ["empty body", "", 400, "JSON_MALFORMED", /request body/],
      ["not JSON", "age=39", 400, "JSON_MALFORMED", /request body/],
      ["JSON that stops", '{"age": 39', 400, "JSON_MALFORMED", /request body/],
      ["a bare NaN", '{"age": NaN}', 400, "JSON_MALFORMED", /request body/],
      ["not UTF-8", Uint8Array.of(0x7b, 0x22, 0xe9, 0x22, 0x7d), 400, "JSON_MALFORMED", /at byte 2.*UTF-8/],
      ["UTF-8 that stops", Uint8Array.of(0x22, 0xf0, 0x9f), 400, "JSON_MALFORMED", /at byte 1.*UTF-8/],
      ["too deep", `${"[".repeat(900)}${"]".repeat(900)}`, 400, "JSON_MALFORMED", /deep|nest/],
      ["a number", "3", 400, "INPUT_INVALID", /expected a record .* got 3/],
      ["null", "null", 400, "INPUT_INVALID", /expected a record .* got null/],
      ["an array of arrays", "[[39, 170.5, 1]]", 400, "INPUT_INVALID", /record 0: expected a record/],
      ["an input absent", '{"height":1,"colour":"red"}', 400, "INPUT_INVALID", /inputs\.age/],
      [
        "text for a number",
        '{"age":"x","height":1,"colour":"red"}',
        400,
        "INPUT_INVALID",
        /inputs\.age: expected int, got "x"/,
      ],
      [
        "a number for text",
        '{"age":1,"height":1,"colour":5}',
        400,
        "INPUT_INVALID",
        /inputs\.colour: expected string, got 5/,
      ],
      [
        "a fraction for an int",
        '{"age":1.5,"height":1,"colour":"red"}',
        400,
        "INPUT_INVALID",
        /inputs\.age: expected int, got 1\.5/,
      ],
      [
        "an int beyond int64",
        '{"age":99999999999999999999,"height":1,"colour":"red"}',
        400,
        "INPUT_INVALID",
        /inputs\.age/,
      ],
      [
        "a list with a long integer",
        '{"age":[12345678901234567890],"colour":"red"}',
        400,
        "INPUT_INVALID",
        /inputs\.age/,
      ],
      ["null where nothing may miss", '{"age":null,"height":1,"colour":"red"}', 400, "INPUT_INVALID", /inputs\.age/],
      ["a misspelt input", '{"agee":1,"height":1,"colour":"red"}', 400, "INPUT_INVALID", /agee|inputs\.age/],
      [
        "the row that is wrong, where all are",
        '[{"age":"x","colour":"a"},{"age":"x","colour":"a"}]',
        400,
        "INPUT_INVALID",
        /inputs\.age.*row 0/,
      ],
      ["too large", JSON.stringify({ colour: "x".repeat(3000) }), 413, "BODY_TOO_LARGE", /larger than 2000 bytes/],
    ];
  test("one wrong record of several has its error in its place, the others are answered", async () => {
    const good = { age: 1, height: 1, colour: "red" };
    const response = await post(JSON.stringify([good, { ...good, age: "x" }, [1], good]));
    const [first, second, third, fourth] = (await response.json()) as Record<string, unknown>[];
    expect([response.status, response.headers.get("ingot-failed")]).toEqual([200, "2"]);
    expect(fourth).toEqual(first);
    expect(first).not.toHaveProperty("error");
    expect(second).toMatchObject({ error: { code: "INPUT_INVALID", where: "inputs.age" } });
    expect(third).toMatchObject({ error: { code: "INPUT_INVALID" } });
  });

  test.each(rows)("%s", async (_name, body, status, code, message) => {
    const response = await post(body);
    const { error } = (await response.json()) as { error: { code: string; what: string; where?: string } };
    expect(`${error.where}: ${error.what}`).toMatch(message);
    expect([response.status, error.code]).toEqual([status, code]);
    expect(JSON.stringify(error)).not.toMatch(/node:|\.ts:|\\n/);
  });

  test("too large without saying so first", async () => {
    const chunks = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 4; i++) controller.enqueue(new TextEncoder().encode("x".repeat(1000)));
        controller.close();
      },
    });
    const init: RequestInit & { duplex: "half" } = { method: "POST", body: chunks, duplex: "half" };
    expect((await fetch(`${server.url}/predict`, init)).status).toBe(413);
  });

  test("compressed bodies are read; encodings that are not, refused by name", async () => {
    const person = JSON.stringify({ age: 41, height: 10, colour: "red" });
    const rows: [encoding: string, body: Uint8Array<ArrayBuffer>][] = [
      ["gzip", new Uint8Array(gzipSync(person))],
      ["deflate", new Uint8Array(deflateSync(person))],
      ["deflate", new Uint8Array(deflateRawSync(person))],
      ["br", new Uint8Array(brotliCompressSync(person))],
      ["zstd", new Uint8Array(zstdCompressSync(person))],
    ];
    for (const [encoding, body] of rows) {
      const response = await post(body, { headers: { "Content-Encoding": encoding } });
      expect([response.status, await response.json()]).toMatchObject([200, { sum: 51 }]);
    }
    const refused = await post("{}", { headers: { "Content-Encoding": "compress" } });
    expect([refused.status, await refused.text()]).toEqual([415, expect.stringContaining('\\"compress\\"')]);
    for (const [encoding, body] of rows)
      for (const wrong of [
        Buffer.from("{}"),
        body.subarray(0, -2),
        Buffer.concat([body, body.subarray(0, 3)]),
        Buffer.alloc(0),
      ]) {
        const answer = await post(new Uint8Array(wrong), { headers: { "Content-Encoding": encoding } });
        expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(`is not ${encoding} data`)]);
      }
  });

  test("what grows beyond the limit when it is decompressed", async () => {
    const zeros = Buffer.alloc(1024 * 1024);
    const bombs = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync };
    for (const [encoding, compress] of Object.entries(bombs)) {
      const bomb = new Uint8Array(compress(zeros));
      const response = await post(bomb, { headers: { "Content-Encoding": encoding } });
      expect([response.status, await response.text()]).toEqual([
        413,
        expect.stringContaining("once it is decompressed"),
      ]);
    }
  });

  test("zstd that wants more memory than its name as a content encoding allows", async () => {
    const stream = createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: 27 } });
    stream.write("{");
    stream.end("}");
    const body = new Uint8Array(Buffer.concat(await stream.toArray()));
    expect((await post(body, { headers: { "Content-Encoding": "zstd" } })).status).toBe(400);
  });
});
