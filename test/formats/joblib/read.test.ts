// joblib files of every era and compressor hold the same arrays.
import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import {
  detectFormat,
  type NdArray,
  numberOf,
  type Observation,
  openFile,
  PyDict,
  PyFloat,
  type PyList,
  type PythonModel,
} from "../../../src/formats/index.ts";
import { joblib, readJoblib } from "../../../src/formats/joblib/index.ts";
import { memoryFile } from "../../../src/formats/source.ts";

const folder = path.resolve(import.meta.dirname, "../../../fixtures/joblib");
const files = readdirSync(folder).filter((name) => name.endsWith(".joblib"));
const grid = [0, 0.25, 0.5, 0.75, 1, 1.25];

describe.each(files)("%s", (name) => {
  test("is detected by its content and holds every array", async () => {
    await using file = await openFile(path.join(folder, name));
    expect(joblib.detect(await file.read(0, 65536), file.size)).toBe(true);
    const { value, rest } = await readJoblib(file);
    expect(rest).toBe(0);
    const get = (key: string) => (value as PyDict).get(key) as NdArray;
    for (const key of ["grid", "fortran", "big"]) {
      expect(get(key).shape).toEqual([2, 3]);
      expect([...get(key).floats()]).toEqual(grid);
    }
    expect(get("big").dtype.littleEndian).toBe(name.includes("-0.9") ? get("big").dtype.littleEndian : false);
    expect(get("ints").integers()).toEqual([1, -2, 2 ** 40]);
    expect(get("flags").values()).toEqual([true, false]);
    expect(get("words").strings()).toEqual(["café", "na"]);
    expect(get("bytes").strings()).toEqual(["ab", "c"]);
    expect(get("empty").shape).toEqual([0, 3]);
    expect(numberOf(get("scalar").values()[0])).toBe(2.5);
    expect(get("record").field("left").integers()).toEqual([1, -1]);
    expect(get("record").field("pair").integers()).toEqual([1, 2, 3, 4]);
    expect(get("objects").values()).toEqual(["one", null, new PyFloat(2.5)]);
    const nested = (value as PyDict).get("nested") as PyList;
    expect((nested.items[0] as NdArray).integers()).toEqual([7, 8]);
    expect([...((nested.items[1] as PyDict).get("inner") as NdArray).floats()]).toEqual([Math.fround(0.1)]);
  });

  test("says what is missing when it is cut off", async () => {
    await using file = await openFile(path.join(folder, name));
    const bytes = await file.readAll();
    for (const part of [0.3, 0.6, 0.95]) {
      const cut = memoryFile(bytes.subarray(0, Math.floor(bytes.length * part)), name);
      await expect(readJoblib(cut)).rejects.toMatchObject({ name: "IngotError" });
    }
  });
});

test("arrays are views of the file", async () => {
  await using file = await openFile(path.join(folder, "joblib-1.5.2.joblib"));
  const whole = memoryFile(await file.readAll(), "whole");
  const { value } = await readJoblib(whole);
  const data = ((value as PyDict).get("grid") as NdArray).data as Uint8Array;
  expect(data.buffer).toBe((await whole.readAll()).buffer);
  expect(data.byteOffset % 8).toBe(0);
});

test("describes what it holds without joblib's own classes", async () => {
  await using file = await openFile(path.join(folder, "joblib-1.5.2.lzma.joblib"));
  const model = await joblib.read(file);
  expect(model.globals.filter((name: string) => name.includes("joblib"))).toEqual([]);
  expect(joblib.describe(model).facts).toContainEqual(["compression", "lzma"]);
});

test("arrays in other files are never looked for outside of the folder", async () => {
  await using file = await openFile(path.join(folder, "joblib-0.9.4.joblib"));
  const bytes = Buffer.from(await file.readAll());
  const name = "joblib-0.9.4.joblib_01.npy";
  const at = bytes.indexOf(name);
  bytes.write("../".padEnd(name.length, "x"), at, "latin1");
  const moved = memoryFile(bytes, "moved", (relative) => file.sibling!(relative));
  await expect(readJoblib(moved)).rejects.toMatchObject({ code: "PATH_UNSAFE" });
});

test("arrays that begin behind what detection sees are read by the pickle format, too", async () => {
  await using file = await openFile(path.join(folder, "joblib-0.14.1.joblib"));
  const bytes = await file.readAll();
  // The protocol, then 100 kB of text that is popped again, then the rest.
  const text = Buffer.alloc(100_005, "x");
  text.writeUInt8(0x58, 0);
  text.writeUInt32LE(100_000, 1);
  const late = memoryFile(Buffer.concat([bytes.subarray(0, 2), text, Buffer.from("0"), bytes.subarray(2)]), "late");
  const format = await detectFormat(late);
  expect(format.id).toBe("pickle");
  expect(((await format.read(late)) as PythonModel).root).toBeInstanceOf(PyDict);
  let end = 0;
  const observed: Observation[] = [];
  await format.survey!(late, {
    covered: (_start, stop) => {
      end = Math.max(end, stop);
    },
    observe: (observation) => void observed.push(observation),
    async nested() {},
  });
  expect(end).toBe(late.size);
  expect(observed.filter(({ kind }) => kind === "anomaly" || kind === "unread")).toEqual([]);
});

test.each(files)("%s: the scanner accounts for every byte", async (name) => {
  await using file = await openFile(path.join(folder, name));
  const covered: [number, number][] = [];
  const observed: Observation[] = [];
  await joblib.survey!(file, {
    covered: (start, stop) => void covered.push([start, stop]),
    observe: (observation) => void observed.push(observation),
    async nested(_name, unpacked) {
      await unpacked[Symbol.asyncDispose]();
    },
  });
  let reached = 0;
  for (const [start, stop] of covered.sort((a, b) => a[0] - b[0]))
    if (start <= reached) reached = Math.max(reached, stop);
  expect(reached).toBe(file.size);
  expect(observed.filter(({ kind }) => kind === "anomaly" || kind === "unread" || kind === "limit")).toEqual([]);
});
