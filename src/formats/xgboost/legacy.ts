// xgboost-legacy: the binary format of XGBoost before 3.1 (`save_model` to a name that is neither JSON nor UBJSON). Read for inspection and
// scanning; XGBoost itself says to save it as JSON. Rule: XGBoost 2.1, src/learner.cc (LearnerIO), src/gbm/{gbtree_model,gblinear_model}.h,
// include/xgboost/tree_model.h.
import { ByteReader, bytesFollow, counted, IngotError } from "../../core/index.ts";
import type { Format } from "../format.ts";

export interface XgboostLegacy {
  readonly source: string;
  readonly version: string | null;
  readonly objective: string;
  readonly booster: string;
  readonly features: number;
  readonly classes: number;
  readonly baseScore: number;
  readonly trees: number;
  readonly leaves: number;
  readonly attributes: readonly (readonly [name: string, value: string])[];
  /** Where the model ends in the file. */
  readonly end: number;
}

const magic = "binf";
/** Sizes of structures that are written as they lie in memory. */
const learnerSize = 136;
const modelSize = 160;
const treeSize = 148;
const nodeSize = 20;
const statisticSize = 16;
const linearSize = 136;
const longestText = 1 << 20;
const mostTrees = 10_000_000;
const boosters = /^(gbtree|gblinear|dart)$/;

export const xgboostLegacy: Format<XgboostLegacy> = {
  id: "xgboost-legacy",
  title: "XGBoost binary (before 3.1)",
  detect: (head) => startsLikeLearner(head),
  read: async (file) => readLegacy(await file.readAll(), file.name),
  describe: describeLegacy,
  async survey(file, survey) {
    try {
      const { end } = await xgboostLegacy.read(file);
      survey.covered(0, end);
      if (end < file.size)
        survey.observe({
          kind: "anomaly",
          subject: "trailing-data",
          at: end,
          detail: `${bytesFollow(file.size - end)} the model`,
        });
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      const subject = error.code === "FILE_TRUNCATED" ? "truncated" : "structure";
      survey.observe({ kind: "anomaly", subject, detail: error.what });
      survey.observe({ kind: "unread", detail: error.message });
    }
  },
};

/** Behind the learner stand the names of the objective and of the booster; the first four bytes are missing in old files. */
function startsLikeLearner(head: Uint8Array): boolean {
  const start = Buffer.from(head.subarray(0, 4)).toString("latin1") === magic ? 4 : 0;
  const first = textAt(head, start + learnerSize);
  return first !== null && /^[a-z]+:[a-z0-9_]+$/.test(first.text) && boosters.test(textAt(head, first.end)?.text ?? "");
}

function textAt(bytes: Uint8Array, at: number): { text: string; end: number } | null {
  if (at + 8 > bytes.length) return null;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, true);
  if (length === 0n || length > 64n || at + 8 + Number(length) > bytes.length) return null;
  const end = at + 8 + Number(length);
  return { text: Buffer.from(bytes.subarray(at + 8, end)).toString("latin1"), end };
}

/** @throws FILE_TRUNCATED, MODEL_INVALID */
function readLegacy(bytes: Uint8Array, source: string): XgboostLegacy {
  const reader = new ByteReader(bytes, source);
  if (Buffer.from(bytes.subarray(0, 4)).toString("latin1") === magic) reader.offset = 4;
  const learner = new ByteReader(reader.take(learnerSize), source);
  const baseScore = learner.f32(true);
  const [features, classes, hasAttributes, hasMetrics, major, minor] = integers(learner, 6) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const objective = text(reader);
  const booster = text(reader);
  if (!boosters.test(booster)) throw invalid(source, `names a booster "${booster.slice(0, 40)}" that does not exist`);
  const { trees, leaves } = booster === "gblinear" ? readLinear(reader) : readTrees(reader, booster === "dart");
  const attributes: [string, string][] = [];
  if (hasAttributes !== 0)
    for (let left = count(reader); left > 0; left--) attributes.push([text(reader), text(reader)]);
  // Before 1.0 this objective kept its step there.
  if (major === 0 && objective === "count:poisson" && reader.remaining > 0) text(reader);
  if (hasMetrics !== 0) for (let left = count(reader); left > 0; left--) text(reader);
  return {
    source,
    version: major > 0 && major < 100 ? `${major}.${minor}` : null,
    objective,
    booster,
    features,
    classes,
    baseScore,
    trees,
    leaves,
    attributes,
    end: reader.offset,
  };
}

function readTrees(reader: ByteReader, isDart: boolean): { trees: number; leaves: number } {
  const [trees] = integers(new ByteReader(reader.take(modelSize), reader.source), 1) as [number];
  if (!(trees >= 0 && trees <= mostTrees)) throw invalid(reader.source, `states ${trees} trees`);
  let leaves = 0;
  for (let tree = 0; tree < trees; tree++) leaves += readTree(reader, tree);
  // Which class each tree is of, and how much a dropped one still counts.
  reader.take(4 * trees);
  if (isDart && trees > 0) reader.take(4 * count(reader));
  return { trees, leaves };
}

/** How many leaves it has. */
function readTree(reader: ByteReader, tree: number): number {
  const [, nodes] = integers(new ByteReader(reader.take(treeSize), reader.source), 2) as [number, number];
  if (!(nodes > 0)) throw invalid(reader.source, `has a tree ${tree} of ${nodes} nodes`);
  const records = new ByteReader(reader.take(nodes * nodeSize), reader.source);
  reader.take(nodes * statisticSize);
  let leaves = 0;
  for (let node = 0; node < nodes; node++) {
    const [, left, right] = integers(records, 3) as [number, number, number];
    records.take(8);
    if (left === -1) leaves++;
    else if (left < 0 || left >= nodes || right < 0 || right >= nodes)
      throw invalid(reader.source, `tree ${tree} leads to a node that it does not have`);
  }
  return leaves;
}

function readLinear(reader: ByteReader): { trees: number; leaves: number } {
  reader.take(linearSize);
  reader.take(4 * count(reader));
  return { trees: 0, leaves: 0 };
}

function integers(reader: ByteReader, many: number): number[] {
  return Array.from({ length: many }, () => reader.u32(true) | 0);
}

function count(reader: ByteReader): number {
  const value = reader.u64(true);
  // Each takes a byte at least: what states more is cut off.
  if (value > BigInt(reader.remaining))
    throw new IngotError("FILE_TRUNCATED", {
      what: `states ${value} values, ${reader.remaining} bytes are left`,
      where: reader.where(),
      fix: "the file is incomplete or damaged: copy or export it again",
    });
  return Number(value);
}

function text(reader: ByteReader): string {
  const length = count(reader);
  if (length > longestText) throw invalid(reader.source, `has a text of ${length} bytes`);
  return Buffer.from(reader.take(length)).toString("utf8");
}

function describeLegacy(model: XgboostLegacy) {
  const task = /^multi:|:softprob/.test(model.objective)
    ? ("multiclass classification" as const)
    : /^binary:/.test(model.objective)
      ? ("binary classification" as const)
      : /^rank:/.test(model.objective)
        ? ("ranking" as const)
        : /^survival:/.test(model.objective)
          ? ("survival" as const)
          : ("regression" as const);
  return {
    format: "xgboost-legacy",
    producer: { name: "XGBoost", ...(model.version === null ? {} : { version: model.version }) },
    task,
    summary: model.booster === "gblinear" ? "gblinear" : `${model.booster}, ${counted(model.trees, "tree")}`,
    inputs: Array.from({ length: Math.min(Math.max(0, model.features), 10_000) }, (_, i) => ({
      name: `f${i}`,
      type: "float" as const,
      shape: [],
    })),
    outputs: [],
    facts: [
      ["objective", model.objective],
      // Before 1.0 a margin was written; the shortest number that is this float32.
      [model.version === null ? "base margin" : "base score", Number(model.baseScore.toPrecision(9))],
      ...(model.classes > 0 ? [["classes", model.classes] as const] : []),
      ...(model.trees > 0
        ? ([
            ["trees", model.trees],
            ["leaves", model.leaves],
          ] as const)
        : []),
      ...model.attributes.map(([name, value]) => [`attribute ${name}`, value.slice(0, 200)] as const),
    ] as [string, string | number][],
  };
}

function invalid(source: string, what: string): IngotError {
  return new IngotError("MODEL_INVALID", {
    what,
    where: source,
    fix: "load it with the XGBoost that wrote it and save it as JSON",
  });
}
