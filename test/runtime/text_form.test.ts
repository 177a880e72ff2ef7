// Texts in the form that a model was fitted on: what Python 3.12 makes of them (str.lower; scikit-learn's strip_accents_unicode and _ascii).
import { expect, test } from "vitest";
import type { InputSpec } from "../../src/core/index.ts";
import { textInForm } from "../../src/pipeline/index.ts";
import { encodeRecords, openApiSchemas } from "../../src/runtime/index.ts";

const rows: [name: string, text: string, lower: string, unicode: string, ascii: string][] = [
  ["accents", "NAÏVE Café Ångström", "naïve café ångström", "naive cafe angstrom", "naive cafe angstrom"],
  ["letters that are not composed", "ŁØÐ Æ ẞ", "łøð æ ß", "łøð æ ß", "  "],
  ["final sigma", "ΟΔΥΣΣΕΥΣ ΣΑΣ. Σ", "οδυσσευς σας. σ", "οδυσσευς σας. σ", " . "],
  ["dotted and dotless I", "İI ıi", "i\u0307i ıi", "ii ıi", "ii i"],
  ["decomposed", "E\u0301TE\u0301", "e\u0301te\u0301", "ete", "ete"],
  ["compatibility", "ﬁ ² Ⅷ ℌ", "ﬁ ² ⅷ ℌ", "fi 2 viii H", "fi 2 viii H"],
  ["vowel signs stay, the virama does not", "क्षेत्र कि", "क्षेत्र कि", "कषेतर कि", " "],
  ["Hangul falls apart", "각", "각", "\u1100\u1161\u11a8", ""],
  ["beyond the first plane", "𐐀 😀", "𐐨 😀", "𐐨 😀", " "],
];

test.each(rows)("%s", (_name, text, lower, unicode, ascii) => {
  expect(textInForm(text, { lowercase: true })).toBe(lower);
  expect(textInForm(text, { lowercase: true, stripAccents: "unicode" })).toBe(unicode);
  expect(textInForm(text, { lowercase: true, stripAccents: "ascii" })).toBe(ascii);
  expect(textInForm(text, undefined)).toBe(text);
});

const spec: InputSpec = {
  name: "text",
  type: "string",
  dtype: "string",
  shape: [],
  layout: "column",
  text: { lowercase: true, stripAccents: "unicode" },
};

test("records are brought into the form", () => {
  const { text } = encodeRecords({ inputs: [spec], outputs: [] }, [{ text: "ÉTÉ" }]);
  expect(text!.data).toEqual(["ete"]);
});

test("the schema says so", () => {
  const schemas = JSON.stringify(openApiSchemas({ inputs: [spec], outputs: [] }));
  expect(schemas).toContain("Read in lower case and without accents (unicode). Send any text");
});
