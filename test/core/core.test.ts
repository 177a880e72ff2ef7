import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ByteReader,
  canonicalJson,
  checkPath,
  checkPaths,
  digest,
  digestOf,
  IngotError,
  isDigest,
  nearest,
  quoted,
  readableJson,
} from "../../src/core/index.ts";

const unsafe: [path: string, message: RegExp][] = [
  ["", /is empty/],
  ["/etc/passwd", /is absolute/],
  ["../model.pkl", /leaves its folder/],
  ["a/../../b", /leaves its folder/],
  ["a//b", /empty part/],
  ["a/./b", /empty part/],
  ["C:/x", /drive letter/],
  ["a\\b", /backslash/],
  ["a\0b", /control character/],
  ["nul.txt", /device name/],
  ["a. /b", /ends with a dot or a space/],
  ["\ud800", /not valid Unicode/],
];
test.each(unsafe)("path %j is refused", (path, message) => {
  expect(() => checkPath(path)).toThrow(message);
});

test.each([
  [["a", "a"], /appears twice/],
  [["README.md", "readme.MD"], /collide/],
  [["Stra\u00dfe", "STRASSE"], /collide/],
  [["caf\u00e9", "cafe\u0301"], /collide/],
  [["a", "a/b"], /collide/],
  [["a/b", "A"], /collide/],
])("paths %j collide", (paths, message) => {
  expect(() => checkPaths(paths)).toThrow(message);
});

test("ordinary paths pass", () => {
  checkPaths(["model.onnx", "model.onnx.data", "environment/requirements.txt", "données/été.csv", ".hidden"]);
});

test("canonical JSON is one form per value and parses back to it", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const plain = JSON.parse(JSON.stringify(value));
      const text = canonicalJson(plain);
      expect(JSON.parse(text)).toEqual(plain);
      expect(canonicalJson(JSON.parse(text))).toBe(text);
      expect(JSON.parse(readableJson(plain))).toEqual(plain);
    }),
  );
});

test("canonical JSON sorts by UTF-16 code unit, integer-like keys included (RFC 8785)", () => {
  expect(canonicalJson({ b: 1, "10": 2, "9": 3, a: { z: [], y: {} } })).toBe(
    '{"10":2,"9":3,"a":{"y":{},"z":[]},"b":1}',
  );
  expect(() => canonicalJson({ a: Number.NaN })).toThrow(TypeError);
});

test("digests of bytes and of streams agree", async () => {
  const bytes = new TextEncoder().encode("abc");
  expect(digest("abc")).toBe("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(await digestOf([bytes.subarray(0, 1), bytes.subarray(1)])).toEqual({ digest: digest(bytes), size: 3 });
  expect(isDigest(digest(bytes))).toBe(true);
  expect(isDigest("sha256:ABC")).toBe(false);
});

test("a reader never runs past its end", () => {
  const reader = new ByteReader(Uint8Array.of(1, 2, 3, 0xff), "x.bin");
  expect(reader.u16(true)).toBe(0x0201);
  for (const length of [3, -1, Number.NaN, 2 ** 53]) expect(() => reader.take(length)).toThrow(/x\.bin at byte 2/);
  expect(() => reader.u32(true)).toThrow(IngotError);
  reader.take(1);
  expect(() => reader.utf8(1)).toThrow(/not valid UTF-8/);
});

test("the nearest word is offered only when it is near", () => {
  expect(nearest("nmae", ["name", "version"])).toBe("name");
  expect(nearest("zzz", ["name", "version"])).toBeUndefined();
});

test("quoted values stay short and printable", () => {
  expect(quoted("a\u0000\n")).toBe('"a\\u0000\\n"');
  expect(quoted("x".repeat(500))).toHaveLength(60);
  expect(quoted(12n)).toBe("12");
});
