// A skops file holds the same objects as the pickle of the same estimator.
import { readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import {
  NdArray,
  type Observation,
  PyDict,
  PyFloat,
  PyGlobal,
  PyList,
  PyObject,
  PyTuple,
  type PyValue,
  readPickle,
} from "../../../src/formats/index.ts";
import { readSkops, skops } from "../../../src/formats/skops/index.ts";
import { storedZip, treeOf } from "./tree.ts";

const folder = path.resolve(import.meta.dirname, "../../../fixtures/skops");
const models = ["pipeline", "forest", "boosting"];
const treeFor = (name: string) => storedZip(readFileSync(path.join(folder, `${name}.skops`)), name);

/** What converters see of an object: class, attributes and numbers. */
function seen(value: PyValue | undefined, depth = 0): unknown {
  if (value instanceof PyFloat) return value.value;
  if (value instanceof NdArray && value.dtype.kind === "V")
    return { dtype: value.dtype, shape: value.shape, bytes: Buffer.from(value.data as Uint8Array).toString("hex") };
  if (value instanceof NdArray)
    return {
      dtype: value.dtype.kind + value.dtype.size,
      shape: value.shape,
      values: value.values().map((item) => seen(item, depth + 1)),
    };
  if (value instanceof PyGlobal) return value.path;
  if (value instanceof PyList || value instanceof PyTuple) return value.items.map((item) => seen(item, depth + 1));
  if (value instanceof PyDict)
    return Object.fromEntries(value.entries.map(([key, item]) => [String(key), seen(item, depth + 1)]));
  if (!(value instanceof PyObject)) return value;
  // Random numbers and links of losses are stored in ways of their own; no conversion looks at them.
  if (/random|_loss|slice/.test(value.className)) return "other";
  return {
    class: value.className,
    args: value.args.map((arg) => seen(arg, depth + 1)),
    state: seen(value.state, depth + 1),
  };
}

test.each(models)("%s: the same objects as in the pickle", async (name) => {
  const model = await readSkops(treeFor(name));
  const pickle = readPickle(gunzipSync(readFileSync(path.join(folder, `${name}.pkl.gz`))), name);
  expect(seen(model.root)).toEqual(seen(pickle.value));
});

test.each(models)("%s: is detected and described", async (name) => {
  expect(await skops.detect(treeFor(name))).toBe(true);
  const description = skops.describe(await skops.read(treeFor(name)));
  expect(description).toMatchObject({ format: "skops", formatVersion: "2", producer: { name: "scikit-learn" } });
});

const schemaTree = (schema: unknown) =>
  treeOf(new Map([["schema.json", Buffer.from(typeof schema === "string" ? schema : JSON.stringify(schema))]]), "bad");
const json = (content: string) => ({ __class__: "str", __module__: "builtins", __loader__: "JsonNode", content });

test.each<[string, unknown, string]>([
  ["an unknown loader", { __loader__: "EvilNode" }, "MODEL_UNSUPPORTED"],
  ["a later protocol", { ...json("1"), protocol: 9 }, "MODEL_UNSUPPORTED"],
  [
    "a node that holds itself",
    { __loader__: "ListNode", __id__: 1, content: [{ __loader__: "CachedNode", __id__: 1 }] },
    "FILE_MALFORMED",
  ],
  ["a list of no nodes", { __loader__: "ListNode", content: [1] }, "FILE_MALFORMED"],
  ["a class that is no text", { __loader__: "ObjectNode", __class__: 1, __module__: [] }, "FILE_MALFORMED"],
  ["JSON in JSON that is none", json("{]"), "FILE_MALFORMED"],
  ["no JSON", "[", "FILE_MALFORMED"],
])("refuses %s", async (_name, schema, code) => {
  await expect(readSkops(schemaTree(schema))).rejects.toMatchObject({ name: "IngotError", code });
});

test("scalars keep their Python types", async () => {
  const items = ["1", "1.0", "true", "null", '"a"', "NaN", "12345678901234567890"].map(json);
  const { root } = await readSkops(schemaTree({ __loader__: "ListNode", content: items }));
  expect((root as PyList).items).toEqual([
    1,
    new PyFloat(1),
    true,
    null,
    "a",
    new PyFloat(Number.NaN),
    12345678901234567890n,
  ]);
});

test("the scanner sees every name, also where no node has it", async () => {
  const seenNames: Observation[] = [];
  const attack = {
    ...json("1"),
    hidden: { __loader__: "OperatorFuncNode", __class__: "methodcaller", __module__: "operator", attrs: null },
    method: { __loader__: "MethodNode", __class__: "x", __module__: "os", content: { func: "system", obj: null } },
  };
  await skops.survey!(schemaTree(attack), {
    covered() {},
    observe: (seen) => void seenNames.push(seen),
    async nested() {},
  });
  expect(seenNames).toContainEqual(
    expect.objectContaining({ kind: "global", module: "operator", name: "methodcaller", use: "call" }),
  );
  expect(seenNames).toContainEqual(
    expect.objectContaining({ kind: "global", module: "builtins", name: "getattr", use: "call" }),
  );
});
