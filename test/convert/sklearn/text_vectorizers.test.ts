// Vectorizers that are refused or broken, and what must not grow with them. That their numbers are the library's is tested on fixtures.
import { expect, test } from "vitest";
import { countVectorizer, hashingVectorizer, tfidfVectorizer } from "../../../src/convert/sklearn/text_vectorizers.ts";
import { fittedOf, PyDict, PyGlobal, PyList, PyObject, PyTuple, type PyValue } from "../../../src/formats/index.ts";
import { GraphBuilder } from "../../../src/onnx/index.ts";

const module = "sklearn.feature_extraction.text";

function object(name: string, attributes: Readonly<Record<string, PyValue>>): PyObject {
  const made = new PyObject(new PyGlobal(module, name), []);
  const state = new PyDict();
  for (const [key, value] of Object.entries(attributes)) state.entries.push([key, value]);
  made.state = state;
  return made;
}

function dict(...entries: [PyValue, PyValue][]): PyDict {
  const made = new PyDict();
  made.entries.push(...entries);
  return made;
}

function listOf(...items: PyValue[]): PyList {
  const made = new PyList();
  made.items.push(...items);
  return made;
}

const plain: Record<string, PyValue> = {
  input: "content",
  strip_accents: null,
  preprocessor: null,
  tokenizer: null,
  analyzer: "word",
  lowercase: true,
  token_pattern: "(?u)\\b\\w\\w+\\b",
  stop_words: null,
  ngram_range: new PyTuple([1, 1]),
  binary: false,
  dtype: new PyGlobal("numpy", "int64"),
  vocabulary_: dict(["ab", 0], ["cd", 1]),
  n_features: 2 ** 20,
  alternate_sign: true,
  norm: "l2",
};

const code = new PyGlobal("mine", "function");
const tfidf = object("TfidfTransformer", {
  norm: "l2",
  use_idf: true,
  sublinear_tf: false,
  idf_: listOf(1, 2, 3),
});

const rows: [name: string, of: typeof countVectorizer, attributes: Record<string, PyValue>, message: RegExp][] = [
  ["a tokenizer", countVectorizer, { tokenizer: code }, /runs Python code of its own \(`tokenizer`\)/],
  ["a preprocessor", countVectorizer, { preprocessor: code }, /runs Python code of its own \(`preprocessor`\)/],
  ["an analyzer", countVectorizer, { analyzer: code }, /runs Python code of its own \(`analyzer`\)/],
  ["accents by code", countVectorizer, { strip_accents: code }, /runs Python code of its own \(`strip_accents`\)/],
  ["files", countVectorizer, { input: "filename" }, /reads files/],
  ["a pattern", countVectorizer, { token_pattern: "a|ab" }, /`token_pattern` a\|ab, which is not converted: choices/],
  ["float32", countVectorizer, { dtype: new PyGlobal("numpy", "float32") }, /counts in float32/],
  ["float32 by name", countVectorizer, { dtype: "float32" }, /counts in float32/],
  ["long rows", countVectorizer, { ngram_range: new PyTuple([1, 99]) }, /takes 99 words or characters in a row/],
  ["no rows", countVectorizer, { ngram_range: new PyTuple([0, 1]) }, /`ngram_range` that is none/],
  ["no vocabulary", countVectorizer, { vocabulary_: null }, /it is not fitted/],
  ["a vocabulary with gaps", countVectorizer, { vocabulary_: dict(["ab", 7]) }, /`vocabulary_` with gaps/],
  ["a vocabulary of numbers", countVectorizer, { vocabulary_: dict([1, 0]) }, /not texts to columns/],
  ["stop words of numbers", countVectorizer, { stop_words: listOf(1) }, /`stop_words` that are no list of texts/],
  ["other weights", tfidfVectorizer, { _tfidf: tfidf }, /weighs 3 terms where there are 2/],
  ["another norm", hashingVectorizer, { norm: "max" }, /`norm` other than l1, l2 and None/],
  ["too many hashes", hashingVectorizer, { n_features: 2 ** 30 }, /hashes into 1073741824 columns/],
  ["no hashes", hashingVectorizer, { n_features: 0 }, /has 0 columns/],
];

test.each(rows)("%s", (_name, of, attributes, message) => {
  expect(() => read(of, attributes)).toThrow(message);
});

test("a million columns are not written out", () => {
  const step = read(hashingVectorizer, {});
  const g = new GraphBuilder("test");
  const x = { blocks: [{ value: g.input("x", "string", ["N", 1]), width: 1 }] };
  const [block] = step.transform!.emit(x, { g, missingText: "" }).blocks;
  expect(block!.sparse).toBeDefined();
  expect(() => block!.value).toThrow(/makes 1048576 columns for a step that reads every one of them/);
});

test("a column of texts says in which form it is read", () => {
  expect(read(countVectorizer, { strip_accents: "ascii" }).columns).toEqual([
    { type: "text", text: { lowercase: true, stripAccents: "ascii" } },
  ]);
  expect(read(countVectorizer, { lowercase: false }).columns).toEqual([{ type: "text" }]);
});

function read(of: typeof countVectorizer, attributes: Record<string, PyValue>) {
  const self = fittedOf(object("CountVectorizer", { ...plain, ...attributes }), "model.pkl");
  return of.read(self, () => expect.fail("nothing is nested"));
}
