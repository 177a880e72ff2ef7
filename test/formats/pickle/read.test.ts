// Pickles of every protocol and maker against each other, and against what was put in.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  NdArray,
  PyDict,
  PyFloat,
  PyList,
  PySet,
  PyTuple,
  type PyValue,
  readPickle,
} from "../../../src/formats/index.ts";

const folder = "fixtures/pickle";
const files = readdirSync(folder).filter((name) => name.endsWith(".pkl"));
const load = (name: string) => readPickle(readFileSync(`${folder}/${name}`), name);

/** A value as plain text that does not depend on protocol or maker. */
function text(value: PyValue): string {
  if (value instanceof PyFloat) return `${Object.is(value.value, -0) ? "-0" : value.value}f`;
  if (value instanceof PyList) return `[${value.items.map(text).join(", ")}]`;
  if (value instanceof PyTuple) return `(${value.items.map(text).join(", ")})`;
  if (value instanceof PySet) return `${value.frozen ? "frozen" : ""}{${value.items.map(text).join(", ")}}`;
  if (value instanceof PyDict) {
    const pairs = value.entries.map(([key, item]) => `${text(key)}: ${text(item)}`);
    return `{${pairs.sort().join(", ")}}`;
  }
  if (value instanceof NdArray && (value.dtype.kind !== "V" || value.shape.length > 0))
    return `array(${value.shape.join("x")} ${value.dtype.kind}: ${value.values().map(text).join(", ")})`;
  if (value instanceof NdArray) return `record ${Buffer.from(value.data as Uint8Array).toString("hex")}`;
  if (value instanceof Uint8Array) return `b${Buffer.from(value).toString("hex")}`;
  if (value !== null && typeof value === "object")
    return `${value.constructor.name} ${Object.values(value).map(text).join(" ")}`;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

const expectedValues = text(load("numpy2-values-p5.pkl").value);
test.each(files.filter((name) => name.includes("values")))("%s holds the values that every protocol holds", (name) => {
  const { value, end, protocol } = load(name);
  expect(text(value)).toBe(expectedValues);
  expect(end).toBe(readFileSync(`${folder}/${name}`).length);
  expect(protocol).toBe(name.includes("p0") || name.includes("p1") ? 0 : Number(name.at(-5)));
  const shared = (value as PyDict).get("shared") as PyList;
  expect(shared.items[0]).toBe(shared.items[1]);
});

test("values are those that were put in", () => {
  const value = load("numpy2-values-p4.pkl").value as PyDict;
  const of = (name: string) => text(value.get(name)!);
  expect(of("int")).toBe(
    `[0, 1, -1, 255, 256, 65535, 65536, 2147483648, -2147483648, 9007199254740992, -1152921504606846976, ${2n ** 100n}]`,
  );
  expect(of("float")).toBe("[1.5f, -0f, Infinityf]");
  expect(of("text")).toBe(JSON.stringify(["a", "é", "€😀", "a\\u0041\nb"]).replaceAll(",", ", "));
  expect(of("bytes")).toBe("[b7879ff, b]");
  expect(of("set")).toBe("[{1}, frozen{3}]");
});

const expectedArrays = text(load("numpy2-arrays-p5.pkl").value);
test.each(files.filter((name) => name.includes("arrays")))("%s holds the arrays that every protocol holds", (name) => {
  expect(text(load(name).value)).toBe(expectedArrays);
});

test("arrays are those that were put in", () => {
  const arrays = (load("numpy2-arrays-p4.pkl").value as PyList).items;
  const array = (index: number) => arrays[index] as NdArray;
  expect([...array(0).floats()]).toEqual([0, 1, 2, 3, 4, 5]);
  expect(array(1).fortran).toBe(true);
  expect(array(1).integers()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(array(2).strings()).toEqual(["a", "béd"]);
  expect(array(3).values()).toEqual([1, "x", null]);
  expect([...array(4).floats()]).toEqual([0, 1, 2]);
  expect([...array(5).floats()]).toEqual([1.5, -2]);
  expect(array(6).field("b").shape).toEqual([1, 2]);
  expect([...array(6).field("b").floats()]).toEqual([2.5, 3.5]);
  expect(array(7).dtype).toMatchObject({ kind: "M", unit: "D" });
  expect(array(8).integers()).toEqual([5]);
  expect(array(9).floats()).toHaveLength(0);
  expect(arrays[11]).toEqual(new PyFloat(1.5));
  expect(arrays[13]).toBe(7);
  expect(arrays[14]).toBe(true);
});

const broken: [name: string, bytes: string, message: RegExp][] = [
  ["nothing", "", /needs 1 byte, 0 bytes left/],
  ["an unknown opcode", "\xff.", /unknown opcode 0xff/],
  ["an empty stack", ".", /stack is empty/],
  ["a value below a mark", "N(0a.", /stack is empty/],
  ["a missing memo", "h\x05.", /memo 5 was never set/],
  ["a future protocol", "\x80\x06N.", /protocol 6/],
  ["bytes beyond the end", "B\xff\xff\xff\x7fabc.", /needs 2,147,483,647 bytes/],
  ["a size beyond any file", "\x8e\xff\xff\xff\xff\xff\xff\xff\xff.", /needs/],
  ["a frame beyond the end", "\x80\x04\x95\xff\x00\x00\x00\x00\x00\x00\x00N.", /frame of 255 bytes/],
  ["an argument across a frame", "\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00\x8c\x04abcd.", /beyond its frame/],
  ["arguments that are no tuple", "cos\nsystem\nNR.", /no tuple/],
  ["a dict of three", "}(NNNu.", /key without a value/],
  ["text that is no UTF-8", "X\x01\x00\x00\x00\xff.", /not text in UTF-8/],
  ["a number that is none", "Iabc\n.", /not an integer/],
  ["a name in the copyreg registry", "\x82\x01.", /copyreg/],
];
test.each(broken)("%s is refused", (_name, bytes, message) => {
  expect(() => readPickle(Buffer.from(bytes, "latin1"), "x.pkl")).toThrow(message);
});

test("calls are recorded, not made", () => {
  const { value, globals } = readPickle(Buffer.from("cos\nsystem\n(S'id'\ntR."), "x.pkl");
  expect(value).toMatchObject({ className: "os.system", args: ["id"] });
  expect(globals.map((global) => global.path)).toEqual(["os.system"]);
});

test("onBuild may take the bytes behind BUILD", () => {
  const bytes = Buffer.from("ca\nW\n)R}bRAWp0\n.");
  const { value } = readPickle(bytes, "x.pkl", { onBuild: (_object, at) => ({ value: "array", next: at + 3 }) });
  expect(value).toBe("array");
});

test("memo bombs stay small: things are shared, not copied", () => {
  const bytes = Buffer.concat([
    Buffer.from("\x80\x04)", "latin1"),
    ...Array(4000).fill(Buffer.from("2\x86", "latin1")),
    Buffer.from("."),
  ]);
  expect(readPickle(bytes, "x.pkl").opcodes).toBe(8003);
});
