// .npy files as numpy writes them, and headers that lie.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { type NdArray, numberOf, PyFloat } from "../../../src/formats/index.ts";
import { npy, readNpy } from "../../../src/formats/numpy/index.ts";
import { parseLiteral } from "../../../src/formats/numpy/literal.ts";
import { type PyDict, type PyList, PyTuple } from "../../../src/formats/python/values.ts";
import { memoryFile } from "../../../src/formats/source.ts";

const folder = path.resolve(import.meta.dirname, "../../../fixtures/numpy");
const bytesOf = (name: string) => readFileSync(path.join(folder, `${name}.npy`));
const arrayOf = (name: string): NdArray => readNpy(bytesOf(name), name).array;
const grid = [0, 0.25, 0.5, 0.75, 1, 1.25];

test.each(["grid", "fortran", "big", "version-2"])("%s: numbers in C order", (name) => {
  expect(arrayOf(name).shape).toEqual([2, 3]);
  expect([...arrayOf(name).floats()]).toEqual(grid);
});

test("other kinds", () => {
  expect(arrayOf("ints").integers()).toEqual([1, -2, 2 ** 40]);
  expect(arrayOf("words").strings()).toEqual(["café", "na"]);
  expect(arrayOf("empty").shape).toEqual([0, 3]);
  expect(numberOf(arrayOf("scalar").values()[0])).toBe(2.5);
  expect(arrayOf("objects").values()).toEqual(["one", null, new PyFloat(2.5)]);
  expect(arrayOf("dates").values()).toEqual([19782]);
});

test("structured types: titles, nesting, padding, names beyond ASCII", () => {
  expect(arrayOf("record").field("pair").integers()).toEqual([1, 2, 3, 4]);
  expect(arrayOf("titled").field("short").integers()).toEqual([1]);
  expect([...arrayOf("titled").field("inner").field("deep").floats()]).toEqual([2.5]);
  expect([...arrayOf("padded").field("wide").floats()]).toEqual([2.5]);
  expect([...arrayOf("version-3").field("µ").floats()]).toEqual([0]);
});

test.each(readdirSync(folder).filter((name) => name.endsWith(".npy")))("%s is detected and described", async (name) => {
  const bytes = readFileSync(path.join(folder, name));
  expect(npy.detect(bytes, bytes.length)).toBe(true);
  const { summary } = npy.describe(await npy.read(memoryFile(bytes, name)));
  expect(summary).toMatch(/^1 array: /);
});

const header = (text: string, data = 0) => {
  const bytes = Buffer.alloc(10 + text.length + data);
  bytes.write("\x93NUMPY\x01\x00", 0, "latin1");
  bytes.writeUInt16LE(text.length, 8);
  bytes.write(text, 10, "latin1");
  return bytes;
};

test.each([
  ["code", "__import__('os').system('id')", "FILE_MALFORMED"],
  ["a call for a value", "{'descr': str(), 'fortran_order': False, 'shape': ()}", "FILE_MALFORMED"],
  ["a key twice", "{'descr': '<f8', 'shape': (), 'shape': ()}", "FILE_MALFORMED"],
  ["another key", "{'descr': '<f8', 'fortran_order': False, 'shape': (), 'x': 1}", "FILE_MALFORMED"],
  ["a shape below zero", "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", "MODEL_INVALID"],
  [
    "a shape beyond all files",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (999999999, 999999999)}",
    "MODEL_INVALID",
  ],
  ["more elements than bytes", "{'descr': '<f8', 'fortran_order': False, 'shape': (3,)}", "FILE_TRUNCATED"],
  ["a type that is none", "{'descr': '<q9', 'fortran_order': False, 'shape': ()}", "MODEL_UNSUPPORTED"],
  ["brackets without end", "{'descr': ".padEnd(3000, "["), "FILE_MALFORMED"],
])("refuses %s", (_name, text, code) => {
  expect(() => readNpy(header(text, 8), "bad")).toThrow(expect.objectContaining({ code }));
});

test("literals of Python 2", () => {
  const value = parseLiteral("{'shape': (3L, 4L), u'x': [1, -2, None, True], 'y': ('a'), } ") as PyDict;
  expect(value.get("shape")).toEqual(new PyTuple([3, 4]));
  expect((value.get("x") as PyList).items).toEqual([1, -2, null, true]);
  expect(value.get("y")).toBe("a");
  expect(parseLiteral("(1,)")).toEqual(new PyTuple([1]));
  expect(parseLiteral("(1 2)")).toBeUndefined();
});
