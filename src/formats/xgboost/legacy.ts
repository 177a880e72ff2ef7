// xgboost-legacy: the binary format of XGBoost before 3.1 (`save_model` to a name that is neither JSON nor UBJSON; pickles of 0.x).
// Rule: XGBoost 2.1, src/learner.cc (LearnerIO), src/gbm/{gbtree_model,gblinear_model}.h, include/xgboost/tree_model.h.
import { ByteReader, bytesFollow, IngotError } from "../../core/index.ts";
import type { Format } from "../format.ts";
import { describeXgboost } from "./describe.ts";
import { type Draft, described, emptyDraft } from "./draft.ts";
import { isSince, type XgboostModel } from "./model.ts";
import { TreeCollector } from "./trees.ts";

const magic = "binf";
/** Sizes of structures that are written as they lie in memory. */
const learnerSize = 136;
const modelSize = 160;
const treeSize = 148;
const nodeSize = 20;
const statisticSize = 16;
const linearSize = 136;
const longestText = 1 << 20;
const boosters = /^(gbtree|gblinear|dart)$/;
/** The number of a feature; the sign above it says that missing values go left. */
const featureBits = 0x7fff_ffff;

export const xgboostLegacy: Format<XgboostModel> = {
  id: "xgboost-legacy",
  title: "XGBoost binary (before 3.1)",
  detect: (head) => startsLikeLearner(head),
  read: async (file) => readXgboostLegacy(await file.readAll(), file.name),
  describe: describeXgboost,
  async survey(file, survey) {
    try {
      const { end } = readLegacy(await file.readAll(), file.name);
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

/** @throws IngotError FILE_TRUNCATED, MODEL_INVALID (naming the tree), MODEL_UNSUPPORTED */
export function readXgboostLegacy(bytes: Uint8Array, source: string): XgboostModel {
  return readLegacy(bytes, source).model;
}

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

/** @returns the model, and where it ends */
function readLegacy(bytes: Uint8Array, source: string): { model: XgboostModel; end: number } {
  const draft = emptyDraft();
  const trees = new TreeCollector(source);
  const reader = new ByteReader(bytes, source);
  if (Buffer.from(bytes.subarray(0, 4)).toString("latin1") === magic) reader.offset = 4;
  const { hasAttributes, hasMetrics } = readParameters(new ByteReader(reader.take(learnerSize), source), draft);
  draft.objective = text(reader);
  const booster = text(reader);
  draft.boosters.push(booster);
  if (booster === "gblinear") readLinear(reader, draft);
  else readTrees(reader, draft, trees, booster === "dart");
  if (hasAttributes)
    for (let left = count(reader); left > 0; left--) {
      const name = text(reader);
      draft.attributes[name] = text(reader);
    }
  // Before 1.0 this objective kept its step there.
  if (draft.version === null && draft.objective === "count:poisson" && reader.remaining > 0) text(reader);
  if (hasMetrics) for (let left = count(reader); left > 0; left--) text(reader);
  return { model: described(draft, trees, source, "legacy"), end: reader.offset };
}

function readParameters(learner: ByteReader, draft: Draft): { hasAttributes: boolean; hasMetrics: boolean } {
  const baseScore = learner.f32(true);
  const [features, classes, hasAttributes, hasMetrics, major, minor, targets] = integers(learner, 7);
  draft.params = {
    base_score: String(baseScore),
    num_feature: String(features),
    num_class: String(classes),
    // Zero before 1.6, which knew one.
    num_target: String(Math.max(1, targets!)),
  };
  // 0.x left these fields empty.
  draft.version = major! > 0 ? [major!, minor!, 0] : null;
  draft.baseScoreIsMargin = draft.version === null;
  return { hasAttributes: hasAttributes !== 0, hasMetrics: hasMetrics !== 0 };
}

function readTrees(reader: ByteReader, draft: Draft, collector: TreeCollector, isDart: boolean): void {
  const [trees, parallel] = integers(new ByteReader(reader.take(modelSize), reader.source), 2) as [number, number];
  if (trees < 0) throw invalid(reader.source, `states ${trees} trees`);
  draft.treeCount = String(trees);
  // Before 1.6 the field counted something else.
  draft.parallelTrees = isSince(draft.version, 1, 6) ? String(parallel) : null;
  draft.hasTrees = true;
  for (let tree = 0; tree < trees; tree++) readTree(reader, tree, collector);
  draft.group = Int32Array.from(integers(reader, trees));
  if (isDart) draft.weightDrop = trees > 0 ? floats(reader) : new Float32Array();
}

function readTree(reader: ByteReader, tree: number, collector: TreeCollector): void {
  const [, nodes, , , , vector] = integers(new ByteReader(reader.take(treeSize), reader.source), 6);
  if (!(nodes! > 0)) throw invalid(reader.source, `has a tree ${tree} of ${nodes} nodes`);
  if (vector! > 1) throw invalid(reader.source, `has a tree ${tree} with ${vector} values a leaf`);
  const records = new ByteReader(reader.take(nodes! * nodeSize), reader.source);
  reader.take(nodes! * statisticSize);
  collector.addNodes(nodes!, () => {
    const [, left, right, feature] = integers(records, 4) as [number, number, number, number];
    const condition = records.f32(true);
    return { left, right, feature: feature & featureBits, condition, defaultLeft: feature < 0 ? 1 : 0 };
  });
}

function readLinear(reader: ByteReader, draft: Draft): void {
  reader.take(linearSize);
  draft.weights = floats(reader);
}

function integers(reader: ByteReader, many: number): number[] {
  const bytes = new ByteReader(reader.take(4 * many), reader.source);
  return Array.from({ length: many }, () => bytes.u32(true) | 0);
}

function floats(reader: ByteReader): Float32Array {
  const many = count(reader);
  const bytes = new ByteReader(reader.take(4 * many), reader.source);
  return Float32Array.from({ length: many }, () => bytes.f32(true));
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

function invalid(source: string, what: string): IngotError {
  return new IngotError("MODEL_INVALID", {
    what,
    where: source,
    fix: "load it with the XGBoost that wrote it and save it as JSON",
  });
}
