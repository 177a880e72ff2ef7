// Files of weights that lie: nothing is allocated for what they claim, and every lie is told.
import { expect, test } from "vitest";
import { readJsonText } from "../../../src/formats/json/index.ts";
import { anomalies, surveyed } from "./surveyed.ts";

function safetensors(header: string, data = 0, claimed?: bigint): Uint8Array {
  const text = Buffer.from(header);
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(claimed ?? BigInt(text.length));
  return Buffer.concat([prefix, text, Buffer.alloc(data)]);
}

const tensor = (offsets: string, shape = "[1]", dtype = "F32") =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;

const lies: [name: string, bytes: Uint8Array, told: RegExp][] = [
  ["a gap", safetensors(`{"a":${tensor("[4,8]")}}`, 8), /belong to no tensor/],
  ["an overlap", safetensors(`{"a":${tensor("[0,4]")},"b":${tensor("[2,6]")}}`, 6), /overlaps/],
  ["bytes behind the end", safetensors(`{"a":${tensor("[0,4]")}}`, 9), /^trailing-data: 5 bytes follow/],
  ["a file that is too short", safetensors(`{"a":${tensor("[0,4]")}}`, 3), /^truncated/],
  ["a key twice", safetensors(`{"a":${tensor("[0,4]")},"a":${tensor("[0,4]", "[4]", "U8")}}`, 4), /^duplicate/],
  ["an escaped key twice", safetensors(`{"a":${tensor("[0,4]")},"\\u0061":${tensor("[0,4]")}}`, 4), /^duplicate/],
  [
    "a shape that wraps",
    safetensors(`{"a":${tensor("[0,0]", "[4294967296,4294967296]", "U8")}}`),
    /cannot take 0 bytes/,
  ],
  ["an unknown type", safetensors(`{"a":${tensor("[0,4]", "[1]", "Q9")}}`, 4), /unknown type "Q9"/],
  ["metadata that is no text", safetensors(`{"__metadata__":{"a":1}}`), /something else than text/],
  ["a header of 2^63 bytes", safetensors(`{"a":${tensor("[0,4]")}}`, 4, 2n ** 63n), /claims 9223372036854775808 bytes/],
  ["a header nested without end", safetensors(`{"a":${"[".repeat(100_000)}`), /nested deeper/],
];

test.each(lies)("safetensors: %s", async (_name, bytes, told) => {
  const { id, observations } = await surveyed(bytes);
  expect(id).toBe("safetensors");
  expect(anomalies(observations).join("\n")).toMatch(told);
});

type Pair = [key: string, type: number, value: Buffer];

function gguf(options: { tensors?: bigint; pairs?: Pair[]; pairCount?: bigint; infos?: Buffer[]; data?: number }) {
  const pairs = options.pairs ?? [];
  const infos = options.infos ?? [];
  const head = Buffer.concat([
    Buffer.from("GGUF"),
    u32(3),
    u64(options.tensors ?? BigInt(infos.length)),
    u64(options.pairCount ?? BigInt(pairs.length)),
    ...pairs.flatMap(([key, type, value]) => [text(key), u32(type), value]),
    ...infos,
  ]);
  return Buffer.concat([head, Buffer.alloc(-head.length & 31), Buffer.alloc(options.data ?? 0)]);
}

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
};
const text = (value: string) => Buffer.concat([u64(BigInt(value.length)), Buffer.from(value)]);
const info = (name: string, shape: bigint[], type: number, offset: bigint) =>
  Buffer.concat([text(name), u32(shape.length), ...shape.map(u64), u32(type), u64(offset)]);
const nested = (depth: number): Buffer =>
  Buffer.concat([...Array.from({ length: depth }, () => [u32(9), u64(1n)]).flat(), u32(0), u64(1n), Buffer.alloc(1)]);

const headers: [name: string, bytes: Uint8Array, told: RegExp][] = [
  ["2^62 metadata entries", gguf({ pairCount: 2n ** 62n }), /claims 4611686018427387904 metadata entries/],
  ["2^62 tensors", gguf({ tensors: 2n ** 62n }), /claims 4611686018427387904 tensors/],
  ["a text of 2^63 bytes", gguf({ pairs: [["a", 8, u64(2n ** 63n)]] }), /claims 9223372036854775808 bytes/],
  [
    "an array of 2^61 numbers",
    gguf({ pairs: [["a", 9, Buffer.concat([u32(10), u64(2n ** 61n)])]] }),
    /items of an array/,
  ],
  ["arrays in arrays", gguf({ pairs: [["a", 9, nested(40)]] }), /nested deeper than 8/],
  [
    "a key twice",
    gguf({
      pairs: [
        ["a", 4, u32(1)],
        ["a", 4, u32(2)],
      ],
    }),
    /^duplicate: "a"/,
  ],
  ["an odd alignment", gguf({ pairs: [["general.alignment", 4, u32(24)]] }), /24 is not a power of 2/],
  [
    "sizes that wrap",
    gguf({ infos: [info("a", [2n ** 32n, 2n ** 32n], 0, 0n)], data: 32 }),
    /needs 73786976294838206464 bytes/,
  ],
  ["a type below zero", gguf({ infos: [info("a", [8n], 0xffff_ffff, 0n)], data: 32 }), /unknown type 4294967295/],
  ["an overlap", gguf({ infos: [info("a", [16n], 0, 0n), info("b", [8n], 0, 32n)], data: 64 }), /overlaps/],
  ["a tensor twice", gguf({ infos: [info("a", [8n], 0, 0n), info("a", [8n], 0, 32n)], data: 64 }), /^duplicate/],
  ["bytes behind the end", gguf({ infos: [info("a", [8n], 0, 0n)], data: 500 }), /^trailing-data: 468 bytes/],
  ["a tensor outside", gguf({ infos: [info("a", [8n], 0, 4096n)], data: 32 }), /^truncated/],
];

test.each(headers)("GGUF: %s", async (_name, bytes, told) => {
  const { id, observations } = await surveyed(bytes);
  expect(id).toBe("gguf");
  expect(anomalies(observations).join("\n")).toMatch(told);
});

const json: [text: string, answer: unknown][] = [
  ['{"a":[1,-2.5e3,true,null,"\\u00e4"]}', new Map([["a", [1, -2500, true, null, "ä"]]])],
  ["9007199254740993", 9007199254740993n],
  ['{"__proto__":{}}', new Map([["__proto__", new Map()]])],
];

test.each(json)("JSON: %s", (given, answer) => {
  expect(readJsonText(given, "text").value).toEqual(answer);
});

test.each(["", "{", "[1,]", '{"a":1,}', "01", '"\n"', "{} {}", "[1 2]", "nul", "'a'"])("JSON refuses %j", (given) => {
  expect(() => readJsonText(given, "text")).toThrow(/not valid JSON/);
});
