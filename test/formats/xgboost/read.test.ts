// XGBoost documents that are not what they should be: refused, with the place and the field.
import fc from "fast-check";
import { expect, test } from "vitest";
import { IngotError } from "../../../src/core/index.ts";
import { readXgboostJson, readXgboostUbj, xgboostJson, xgboostUbj } from "../../../src/formats/index.ts";
import { Column, float64Column } from "../../../src/formats/xgboost/cursor.ts";
import { JsonCursor } from "../../../src/formats/xgboost/json_cursor.ts";
import { UbjCursor } from "../../../src/formats/xgboost/ubj_cursor.ts";
import { asJson, asUbj, document, firstTree, type Node } from "./document.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

test("both forms read to the same model", () => {
  const value = document();
  const { form: _json, ...fromJson } = readXgboostJson(asJson(value), "model");
  const { form: _ubj, ...fromUbj } = readXgboostUbj(asUbj(value as unknown as Node), "model");
  expect(fromUbj).toEqual(fromJson);
  expect(fromJson).toMatchObject({ booster: "gbtree", numFeature: 2, baseScore: [0.5], version: [2, 1, 4] });
  expect(Array.from(fromJson.trees!.left)).toEqual([1, -1, -1, -1]);
});

type Change = (model: ReturnType<typeof document>) => void;
const model = (value: ReturnType<typeof document>) => value.learner.gradient_booster["model"] as Record<string, Node>;

const refused: [name: string, change: Change, message: RegExp][] = [
  [
    "a child outside the tree",
    (m) => (firstTree(m)["left_children"] = [7, -1, -1]),
    /tree 0: the left child of node 0 is 7, there are 3 nodes/,
  ],
  [
    "a child that is the root",
    (m) => (firstTree(m)["left_children"] = [0, -1, -1]),
    /tree 0: the left child of node 0 is 0/,
  ],
  ["one child twice", (m) => (firstTree(m)["right_children"] = [1, -1, -1]), /tree 0: node 1 is reached twice/],
  [
    "a feature that is not there",
    (m) => (firstTree(m)["split_indices"] = [2, 0, 0]),
    /tree 0: node 0 splits feature 2, there are 2/,
  ],
  ["a negative feature", (m) => (firstTree(m)["split_indices"] = [-1, 0, 0]), /splits feature -1/],
  [
    "a fraction as a child",
    (m) => (firstTree(m)["left_children"] = [1.5, -1, -1]),
    /`left_children` holds what is no index/,
  ],
  [
    "columns of two lengths",
    (m) => (firstTree(m)["split_conditions"] = [1, 2]),
    /tree 0: `split_conditions` has 2 entries, `left_children` has 3/,
  ],
  ["a column that is missing", (m) => delete firstTree(m)["default_left"], /`default_left` has 0 entries/],
  ["a tree without nodes", (m) => (firstTree(m)["left_children"] = []), /tree 0: `left_children` is missing or empty/],
  ["an unknown kind of split", (m) => (firstTree(m)["split_type"] = [2, 0, 0]), /unknown `split_type` 2/],
  [
    "a categorical split without categories",
    (m) => (firstTree(m)["split_type"] = [1, 0, 0]),
    /node 0 has no categories/,
  ],
  [
    "categories outside their list",
    (m) =>
      Object.assign(firstTree(m), {
        split_type: [1, 0, 0],
        categories: [1],
        categories_nodes: [0],
        categories_segments: [0],
        categories_sizes: [9],
      }),
    /the categories of node 0 lie outside/,
  ],
  ["lists of categories of two lengths", (m) => (firstTree(m)["categories_nodes"] = [0]), /differ in length/],
  ["tree_info of another length", (m) => (model(m)["tree_info"] = [0]), /`tree_info` has 1 entries for 2 trees/],
  [
    "a class that is not there",
    (m) => (model(m)["tree_info"] = [0, 3]),
    /tree 1: `tree_info` is 3, there are 1 groups/,
  ],
  ["no trees", (m) => delete model(m)["trees"], /`model\.trees` is missing/],
  ["names of another number", (m) => (m.learner.feature_names = ["a"]), /`feature_names` has 1 entries for 2 features/],
  ["a base score that is none", (m) => (m.learner.learner_model_param["base_score"] = "abc"), /`base_score` is "abc"/],
  [
    "base scores of another number",
    (m) => (m.learner.learner_model_param["base_score"] = "[1,2,3]"),
    /`base_score` has 3 values for 1 outputs/,
  ],
  [
    "a negative count",
    (m) => (m.learner.learner_model_param["num_feature"] = "-1"),
    /`learner_model_param\.num_feature` is "-1"/,
  ],
  [
    "a count beyond memory",
    (m) => (m.learner.learner_model_param["num_class"] = "99999999999"),
    /num_class` is "99999999999"/,
  ],
  ["an unknown booster", (m) => (m.learner.gradient_booster["name"] = "gbforest"), /booster "gbforest" is not known/],
  ["no objective", (m) => delete m.learner.objective["name"], /`learner\.objective\.name` is missing/],
  [
    "DART weights of another number",
    (m) => (m.learner.gradient_booster["weight_drop"] = [1]),
    /`weight_drop` has 1 entries for 2 trees/,
  ],
  ["a best iteration that is none", (m) => (m.learner.attributes["best_iteration"] = "x"), /`best_iteration` is "x"/],
  [
    "leaf vectors without values",
    (m) => (firstTree(m)["tree_param"] = { size_leaf_vector: "2" }),
    /neither `leaf_weights` nor `base_weights`/,
  ],
  [
    "leaf vectors that do not reach",
    (m) => Object.assign(firstTree(m), { tree_param: { size_leaf_vector: "2" }, leaf_weights: [1, 2] }),
    /leaf \d has no values/,
  ],
  [
    "gblinear without its weights",
    (m) => Object.assign(m.learner.gradient_booster, { name: "gblinear", model: { weights: [1] } }),
    /`weights` has 1 entries/,
  ],
  ["trees that are no list", (m) => (model(m)["trees"] = { a: 1 }), /expected an array/],
  ["a name that is a number", (m) => (m.learner.objective["name"] = 3), /expected a text/],
];
test.each(refused)("%s is refused in both forms", (_name, change, message) => {
  const value = document(change);
  for (const read of [
    () => readXgboostJson(asJson(value), "model"),
    () => readXgboostUbj(asUbj(value as unknown as Node), "model"),
  ]) {
    expect(read).toThrow(IngotError);
    expect(read).toThrow(message);
  }
});

const brokenJson: [name: string, text: string, message: RegExp][] = [
  ["an end too early", '{"learner": {"objective"', /the file ends within the model/],
  ["a key twice", '{"learner": {}, "learner": {}}', /the key "learner" appears twice/],
  ["deep nesting", `{"x": ${"[".repeat(100)}`, /nests deeper than 64 levels/],
  ["something behind the model", `${JSON.stringify(document())} {}`, /3 bytes follow the model/],
  ["a bad escape", '{"a\\q": 1}', /a text is not valid/],
  ["a word", '{"x": nothing}', /expected a number/],
  ["no object", "[]", /expected an object/],
];
test.each(brokenJson)("JSON with %s is refused", (_name, text, message) => {
  expect(() => readXgboostJson(utf8(text), "model.json")).toThrow(message);
  expect(() => readXgboostJson(utf8(text), "model.json")).toThrow(/^model\.json/);
});

const long = (value: bigint) => {
  const bytes = Buffer.alloc(9);
  bytes.write("L");
  bytes.writeBigInt64BE(value, 1);
  return bytes.toString("latin1");
};
const member = (key: string, value: string) => `{${long(BigInt(key.length))}${key}${value}}`;
const brokenUbj: [name: string, latin1: string, message: RegExp][] = [
  ["a key of 2^62 bytes", `{${long(2n ** 62n)}`, /expected a length/],
  ["a key of negative length", `{${long(-1n)}`, /expected a length/],
  ["a block longer than the file", member("x", `[$d#${long(1000000n)}`), /needs 4000000 bytes/],
  ["a block of 2^53 numbers", member("x", `[$D#${long(2n ** 53n - 1n)}`), /needs .* bytes/],
  ["a block of nothing", member("x", `[$Z#${long(5n)}`), /a block of "Z" is not supported/],
  ["a list longer than the file", member("x", `[#${long(1000n)}T`), /an array of 1000 items does not fit/],
  ["an unknown marker", member("x", "H"), /unknown marker "H"/],
  ["deep nesting", member("x", "[".repeat(100)), /nests deeper than 64 levels/],
  [
    "something behind the model",
    `${Buffer.from(asUbj(document() as unknown as Node)).toString("latin1")}Z`,
    /1 bytes follow the model/,
  ],
  ["an end too early", "{", /needs 1 bytes, 0 left/],
];
test.each(brokenUbj)("UBJSON with %s is refused", (_name, latin1, message) => {
  expect(() => readXgboostUbj(Buffer.from(latin1, "latin1"), "model.ubj")).toThrow(message);
});

test("every prefix of a file is refused, never half read", () => {
  const json = asJson(document());
  const ubj = asUbj(document() as unknown as Node);
  for (let end = 0; end < json.length; end += 7)
    expect(() => readXgboostJson(json.subarray(0, end), "m")).toThrow(IngotError);
  for (let end = 0; end < ubj.length; end += 7)
    expect(() => readXgboostUbj(ubj.subarray(0, end), "m")).toThrow(IngotError);
});

const detected: [name: string, bytes: Uint8Array, json: boolean, ubj: boolean][] = [
  ["a JSON model", asJson(document()), true, false],
  ["a JSON model with white space", utf8(` \n{ "version" : [1,2,3]}`), true, false],
  ["a UBJ model", asUbj(document() as unknown as Node), false, true],
  ["other JSON", utf8('{"format": "onnx"}'), false, false],
  ["the word in another place", utf8('{"x": "learner"}'), false, false],
  ["nothing", new Uint8Array(), false, false],
];
test.each(detected)("%s is told by its content", (_name, bytes, json, ubj) => {
  expect(xgboostJson.detect(bytes, bytes.length)).toBe(json);
  expect(xgboostUbj.detect(bytes, bytes.length)).toBe(ubj);
});

/** Any document, walked with a cursor, is the document. */
function walked(cursor: JsonCursor | UbjCursor): Node {
  switch (cursor.kind()) {
    case "object": {
      const value: { [key: string]: Node } = Object.create(null);
      cursor.object((key) => {
        value[key] = walked(cursor);
      });
      return value;
    }
    case "array": {
      const value: Node[] = [];
      cursor.array(() => value.push(walked(cursor)));
      return value;
    }
    case "string":
      return cursor.text();
    case "number":
      return cursor.number();
    case "boolean":
      return cursor.number() === 1;
    default:
      cursor.skip();
      return null;
  }
}
const anyDocument = fc.jsonValue({ maxDepth: 6 }).map((value) => JSON.parse(JSON.stringify(value)) as Node);

test("a cursor over JSON sees what JSON.parse sees, and skips exactly one value", () => {
  fc.assert(
    fc.property(anyDocument, fc.constantFrom(0, 2), (value, indent) => {
      const text = JSON.stringify([value, 1], null, indent);
      const seen = walked(new JsonCursor(utf8(text), "x"));
      expect(JSON.stringify(seen)).toBe(JSON.stringify(JSON.parse(text)));
      const cursor = new JsonCursor(
        utf8(JSON.stringify({ a: 0, rest: 1 }).replace("0", () => JSON.stringify(value))),
        "x",
      );
      const keys: string[] = [];
      const walk = () =>
        cursor.object((key) => {
          keys.push(key);
          cursor.skip();
        });
      walk();
      cursor.end();
      expect(keys).toEqual(["a", "rest"]);
    }),
    { numRuns: 300 },
  );
});

test("a cursor over UBJSON sees what was written", () => {
  fc.assert(
    fc.property(anyDocument, (value) => {
      const cursor = new UbjCursor(asUbj(value), "x");
      expect(JSON.stringify(walked(cursor))).toBe(JSON.stringify(value));
      cursor.end();
    }),
    { numRuns: 300 },
  );
});

test("arrays of numbers come out of both forms with their bits", () => {
  fc.assert(
    fc.property(fc.float32Array({ noNaN: true, noDefaultInfinity: true }), (values) => {
      const fromUbj = float64Column();
      new UbjCursor(asUbj(values), "x").numbers(fromUbj);
      const fromJson = new Column((length) => new Float32Array(length));
      new JsonCursor(
        utf8(`[${Array.from(values, (v) => (Object.is(v, -0) ? "-0" : String(v))).join(" ,\n")}]`),
        "x",
      ).numbers(fromJson);
      expect(Array.from(fromUbj.view())).toEqual(Array.from(values));
      expect(Array.from(fromJson.view())).toEqual(Array.from(values));
    }),
  );
});
