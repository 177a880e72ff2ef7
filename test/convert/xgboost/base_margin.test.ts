// What sums start from, against XGBoost's own margins of models without trees (fixtures/xgboost/base-scores-*).
import { readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { baseMargins } from "../../../src/convert/xgboost/base_margin.ts";
import { readXgboostJson, type XgboostModel, xgboostObjectives } from "../../../src/formats/index.ts";
import { asJson, document } from "../../formats/xgboost/document.ts";
import { type Cell, numberOf } from "../fixture.ts";

interface Link {
  readonly scores: readonly number[];
  readonly margins: readonly Cell[];
}

const folder = path.join(import.meta.dirname, "../../../fixtures/xgboost");
const measured = (version: string) =>
  JSON.parse(gunzipSync(readFileSync(path.join(folder, `base-scores-${version}.json.gz`))).toString()) as Record<
    "logit" | "log",
    Link
  >;

const model = (version: string, score: number, changes: Partial<XgboostModel> = {}): XgboostModel => ({
  ...readXgboostJson(asJson(document()), "model.json"),
  version: version.split(".").map(Number) as [number, number, number],
  baseScore: [Math.fround(score)],
  ...changes,
});

const links = { logit: "binary:logistic", log: "count:poisson" } as const;
const versions = ["1.7.6", "2.1.4", "3.0.5", "3.2.0"];
test.each(versions.flatMap((version) => (["logit", "log"] as const).map((link) => [version, link] as const)))(
  "XGBoost %s: %s",
  (version, link) => {
    const { scores, margins } = measured(version)[link];
    const ours = scores.map((score) => baseMargins(model(version, score), xgboostObjectives[links[link]]!)[0]! + 0);
    expect(ours).toEqual(margins.map((margin) => numberOf(margin) + 0));
  },
);

const logistic = xgboostObjectives["binary:logistic"]!;

test("3.2 takes 0 and 1 for the nearest probabilities it knows, as an estimate from labels of one kind gives them", () => {
  expect(baseMargins(model("3.2.0", 0), logistic)).toEqual([Math.fround(-13.81551)]);
  expect(baseMargins(model("3.2.0", 1), logistic)).toEqual([Math.fround(13.74516)]);
});

const refused: [version: string, objective: string, score: number, message: RegExp][] = [
  ["3.1.3", "binary:logistic", 0, /base_score 0 is no probability, which .* asks for/],
  ["2.1.4", "reg:logistic", 1, /base_score 1 is no probability/],
  ["3.2.0", "count:poisson", 0, /base_score 0 is no positive number/],
  ["3.2.0", "reg:tweedie", -1.5, /base_score -1.5 is no positive number/],
];
test.each(refused)("%s %s with %d is refused", (version, objective, score, message) => {
  expect(() => baseMargins(model(version, score), xgboostObjectives[objective]!)).toThrow(message);
});

test("gblinear takes the first of several base scores", () => {
  const { booster: _booster, ...rest } = model("3.2.0", 0, { baseScore: [0.25, 0.5, 0.75], numClass: 3 });
  const softmax = xgboostObjectives["multi:softprob"]!;
  expect(baseMargins({ ...rest, booster: "gbtree" }, softmax)).toEqual([0.25, 0.5, 0.75]);
  const linear = { weights: new Float32Array(9) };
  expect(baseMargins({ ...rest, booster: "gblinear", trees: null, linear }, softmax)).toEqual([0.25, 0.25, 0.25]);
});
