// XGBoost documents that are not what they should be: refused, with the place and the field.
import fc from "fast-check";
import { expect, test } from "vitest";
import { IngotError } from "../../../src/core/index.ts";
import { readXgboostJson, readXgboostUbj, xgboostJson, xgboostUbj } from "../../../src/formats/index.ts";
import { Column, float64Column } from "../../../src/formats/xgboost/cursor.ts";
import { JsonCursor } from "../../../src/formats/xgboost/json_cursor.ts";
import { UbjCursor } from "../../../src/formats/xgboost/ubj_cursor.ts";
import { asJson, asUbj, document, firstTree, modelIn, type Node } from "./document.ts";

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
  ["tree_info of another length", (m) => (modelIn(m)["tree_info"] = [0]), /`tree_info` has 1 entries for 2 trees/],
  [
    "a class that is not there",
    (m) => (modelIn(m)["tree_info"] = [0, 3]),
    /tree 1: `tree_info` is 3, there are 1 groups/,
  ],
  ["no trees", (m) => delete modelIn(m)["trees"], /`model\.trees` is missing/],
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
    (m) => (modelIn(m)["weight_drop"] = [1]),
    /`weight_drop` has 1 entries for 2 trees/,
  ],
  [
    "DART without its weights",
    (m) => (m.learner.gradient_booster = { name: "dart", gbtree: m.learner.gradient_booster }),
    /`weight_drop` is missing/,
  ],
  [
    "weights that the library ignores",
    (m) => (m.learner.gradient_booster["weight_drop"] = [0.5, 0.5]),
    /`weight_drop` stands beside the model of a gbtree/,
  ],
  [
    "two boosters",
    (m) => (m.learner.gradient_booster["gbtree"] = { name: "gbtree", model: modelIn(m) }),
    /the file holds a second model/,
  ],
  ["two learners", (m) => Object.assign(m, { Model: { learner: m.learner } }), /the file holds a second model/],
  [
    "a number of trees that lies",
    (m) => (modelIn(m)["gbtree_model_param"] = { num_trees: "9" }),
    /`num_trees` is "9", the file holds 2 trees/,
  ],
  [
    "a number of nodes that lies",
    (m) => (firstTree(m)["tree_param"] = { num_nodes: "9" }),
    /tree 0: `num_nodes` is 9, `left_children` has 3 entries/,
  ],
  [
    "a size of leaves that is no count",
    (m) => (firstTree(m)["tree_param"] = { size_leaf_vector: "0x1" }),
    /tree 0: `size_leaf_vector` is no count/,
  ],
  ["a class that wraps to one", (m) => (modelIn(m)["tree_info"] = [0, 2 ** 32]), /`tree_info` holds what is no index/],
  ["half a class", (m) => (modelIn(m)["tree_info"] = [0, 0.5]), /`tree_info` holds what is no index/],
  [
    "rounds that wrap",
    (m) => (modelIn(m)["iteration_indptr"] = [2 ** 32, 1, 2]),
    /`iteration_indptr` holds what is no index/,
  ],
  [
    "a category that wraps to one",
    (m) => (firstTree(m)["categories"] = [2 ** 32 + 1]),
    /tree 0: `categories` holds what is no index/,
  ],
  [
    "a set whose size wraps",
    (m) => (firstTree(m)["categories_sizes"] = [2 ** 32 + 1]),
    /tree 0: `categories_sizes` holds what is no index/,
  ],
  [
    "names of categories at offsets that wrap",
    (m) => (modelIn(m)["cats"] = { enc: [{ values: [] }, { offsets: [0, 2 ** 32 + 1], values: [97] }] }),
    /`cats\.enc\.offsets` holds what is no index/,
  ],
  [
    "names of categories that are no bytes",
    (m) => (modelIn(m)["cats"] = { enc: [{ values: [] }, { offsets: [0, 1], values: [353] }] }),
    /hold what is no byte/,
  ],
  [
    "names of categories beyond their text",
    (m) => (modelIn(m)["cats"] = { enc: [{ values: [] }, { offsets: [0, 2], values: [97] }] }),
    /category 0 lies outside its text/,
  ],
  [
    "names of categories that are not UTF-8",
    (m) => {
      m.version = [3, 4, 0];
      modelIn(m)["cats"] = { enc: [{ values: [] }, { offsets: [0, 1], values: [255] }] };
    },
    /the name of a category is not UTF-8/,
  ],
  [
    "categories of another number of features",
    (m) => (modelIn(m)["cats"] = { enc: [{ values: [1] }] }),
    /`cats` has 1 entries for 2 features/,
  ],
  ["an empty count", (m) => (m.learner.learner_model_param["num_class"] = ""), /num_class` is ""/],
  ["a count in hexadecimal", (m) => (m.learner.learner_model_param["num_feature"] = "0x2"), /num_feature` is "0x2"/],
  ["an empty best iteration", (m) => (m.learner.attributes["best_iteration"] = ""), /`best_iteration` is ""/],
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
  ["trees that are no list", (m) => (modelIn(m)["trees"] = { a: 1 }), /expected an array/],
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

test.each([
  ["3.3 beside the model", [3, 3, 0], (m) => (m.learner.gradient_booster["weight_drop"] = [0.5, 0.25])],
  ["3.4 in the model", [3, 4, 1], (m) => (modelIn(m)["weight_drop"] = [0.5, 0.25])],
  [
    "3.2 beside the model of a dart",
    [3, 2, 0],
    (m) =>
      (m.learner.gradient_booster = { name: "dart", gbtree: m.learner.gradient_booster, weight_drop: [0.5, 0.25] }),
  ],
] as [string, number[], Change][])("weights of a DART are where %s has them", (_name, version, change) => {
  const value = document((m) => {
    m.version = version;
    change(m);
  });
  expect(Array.from(readXgboostJson(asJson(value), "model").trees!.weight)).toEqual([0.5, 0.25]);
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
    /1 byte follows the model/,
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
  ["a JSON model with white space", utf8(` \n{ "version" : [1, 2,\n3] , "learner" : { "objective": 1`), true, false],
  ["a pickled booster", utf8('{"Config": {"learner": {"generic_param"'), true, false],
  ["a source map", utf8('{"version": 3, "sources": ["a.ts"]}'), false, false],
  ["a package file", utf8('{"version": "1.2.3", "name": "learner"}'), false, false],
  ["a list of versions", utf8('{"version": [1, 2, 3], "learners": {"objective": 1}}'), false, false],
  ["a learner that is a person", utf8('{"learner": {"name": "Ada"}}'), false, false],
  ["a catalogue of models", utf8('{"Model": {"name": "T"}, "learner": 1}'), false, false],
  ["a UBJ document with another key", asUbj({ learners: { objective: 1 } }), false, false],
  ["a UBJ document whose version is a text", asUbj({ version: "1.2.3" }), false, false],
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

const hostileArrays = [
  "[1,[2]]",
  '[1,"]"]',
  '[1,"\\\\"]',
  '[1,"\\"]"]',
  '[1,{"]":"["}]',
  "[-1 ]",
  "[0,[],1]",
  "[1,[[2],3],4]",
];
test.each(hostileArrays)("skipping %s ends where it ends", (array) => {
  const cursor = new JsonCursor(utf8(`{"a":${array},"rest":${array}}`), "x");
  const seen: [string, Node][] = [];
  cursor.object((key) => {
    if (key === "a") cursor.skip();
    else seen.push([key, walked(cursor)]);
  });
  cursor.end();
  expect(seen).toEqual([["rest", JSON.parse(array)]]);
});

const brackets: fc.Arbitrary<Node> = fc.letrec<{ value: Node }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Node>(0, -1.5, "]", "[", '"', "\\", '\\"]', "}", ",", null, true),
    fc.array(tie("value"), { maxLength: 4 }).map((items) => [1, ...items]),
    fc.dictionary(fc.constantFrom("]", "[", '"', "\\", "a"), tie("value"), { maxKeys: 3 }),
  ),
})).value;
test("arrays of brackets and quotes are skipped whole, and no cut of them is taken for the end", () => {
  fc.assert(
    fc.property(brackets, fc.nat(), (value, cut) => {
      const text = JSON.stringify([1, value]);
      const cursor = new JsonCursor(utf8(text), "x");
      cursor.skip();
      expect(cursor.position).toBe(utf8(text).length);
      const short = new JsonCursor(utf8(text.slice(0, cut % text.length)), "x");
      expect(() => short.skip()).toThrow(IngotError);
    }),
    { numRuns: 500 },
  );
});

/** Every marker that a number may have, arrays with a count and without. */
function anyForm(value: Node, random: () => number): Buffer {
  const size = (count: number): Buffer => {
    const forms = [
      long(BigInt(count)),
      `l${be(4, count)}`,
      ...(count < 128 ? [`i${be(1, count)}`, `U${be(1, count)}`] : []),
    ];
    return Buffer.from(forms[random() % forms.length]!, "latin1");
  };
  if (typeof value === "number") {
    const double = Buffer.alloc(8);
    double.writeDoubleBE(value);
    const forms = [`D${double.toString("latin1")}`];
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) forms.push(long(BigInt(value)));
    for (const [marker, bytes] of [
      ["i", 1],
      ["I", 2],
      ["l", 4],
    ] as const)
      if (Number.isInteger(value) && !Object.is(value, -0) && Math.abs(value) < 2 ** (8 * bytes - 1))
        forms.push(marker + be(bytes, value));
    if (Math.fround(value) === value) forms.push(`d${float(value)}`);
    return Buffer.from(forms[random() % forms.length]!, "latin1");
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => anyForm(item, random));
    return random() % 2 === 0
      ? Buffer.concat([Buffer.from("["), ...items, Buffer.from("]")])
      : Buffer.concat([Buffer.from("[#"), size(items.length), ...items]);
  }
  if (value !== null && typeof value === "object" && !ArrayBuffer.isView(value)) {
    const members = Object.entries(value).flatMap(([key, member]) => [
      size(Buffer.byteLength(key)),
      Buffer.from(key),
      anyForm(member, random),
    ]);
    return Buffer.concat([Buffer.from("{"), ...members, Buffer.from("}")]);
  }
  if (typeof value === "string")
    return Buffer.concat([Buffer.from("S"), size(Buffer.byteLength(value)), Buffer.from(value)]);
  return Buffer.from(asUbj(value));
}
const float = (value: number) => {
  const buffer = Buffer.alloc(4);
  buffer.writeFloatBE(value);
  return buffer.toString("latin1");
};
const be = (bytes: 1 | 2 | 4, value: number) => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeIntBE(value, 0, bytes);
  return buffer.toString("latin1");
};

test("a cursor over UBJSON reads every form of a number and a length, and skips exactly one value", () => {
  fc.assert(
    fc.property(anyDocument, fc.infiniteStream(fc.nat()), (value, stream) => {
      const bytes = anyForm([value, 7], () => stream.next().value);
      expect(JSON.stringify(walked(new UbjCursor(bytes, "x")))).toBe(JSON.stringify([value, 7]));
      const cursor = new UbjCursor(bytes, "x");
      cursor.array((index) => {
        if (index === 0) cursor.skip();
        else expect(cursor.number()).toBe(7);
      });
      cursor.end();
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
