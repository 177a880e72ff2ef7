// sentencepiece: the tokenizer of many language models (`tokenizer.model`, `spiece.model`). Rule: google/sentencepiece,
// src/sentencepiece_model.proto (ModelProto).
import { counted, IngotError } from "../../core/index.ts";
import { type MessageKind, ProtobufReader } from "../../onnx/index.ts";
import type { Format, ModelDescription } from "../format.ts";
import { integer, readFields, text, wire } from "../protobuf/fields.ts";

interface SentencePiece {
  /** `unigram`, `bpe`, `word` or `char`. */
  readonly algorithm: string;
  readonly normalizer: string;
  /** Texts by their number. */
  readonly pieces: number;
  /** How many of each kind, in the order of the enumeration. */
  readonly kinds: ReadonlyMap<string, number>;
}

const proto: MessageKind = { code: "FILE_MALFORMED", what: "a SentencePiece model" };
/** `TrainerSpec.ModelType`. */
const algorithms: Readonly<Record<number, string>> = { 1: "unigram", 2: "bpe", 3: "word", 4: "char" };
/** `SentencePiece.Type`. */
const kinds: Readonly<Record<number, string>> = {
  1: "normal",
  2: "unknown",
  3: "control",
  4: "user-defined",
  5: "unused",
  6: "byte",
};

export const sentencepiece: Format<SentencePiece> = {
  id: "sentencepiece",
  title: "SentencePiece tokenizer",
  firstBytes: "\n",
  detect: startsWithPiece,
  read: async (file) => readSentencePiece(await file.readAll(), file.name),
  describe: describeSentencePiece,
};

/** A message of a short text, its score as a float32 and its kind, either of which may be left out; another one follows. */
function startsWithPiece(head: Uint8Array): boolean {
  const [tag, length, textTag, textLength] = head;
  if (tag !== 0x0a || textTag !== 0x0a || length! > 127 || !(textLength! > 0)) return false;
  const end = 2 + length!;
  let at = 4 + textLength!;
  if (head[at] === 0x15) at += 5;
  if (head[at] === 0x18 && at < end) at += 2;
  return at === end && end > 4 + textLength! && head[end] === 0x0a;
}

/** @throws IngotError FILE_MALFORMED, FILE_TRUNCATED; MODEL_UNSUPPORTED for fields that the definition does not have */
function readSentencePiece(bytes: Uint8Array, source: string): SentencePiece {
  const reader = ProtobufReader.over(bytes, source, proto);
  const counts = new Map<string, number>();
  let pieces = 0;
  // What the definition takes where the file says nothing.
  let algorithm = algorithms[1]!;
  let normalizer = "";
  while (reader.next()) {
    const { field } = reader;
    if (reader.wire !== wire.length || field > 5)
      throw new IngotError("MODEL_UNSUPPORTED", {
        what: `holds field ${field}, which SentencePiece does not define`,
        where: source,
        fix: "ask who made it what it is for, or train the tokenizer again",
      });
    const content = reader.message();
    if (field === 1) {
      const kind = readPiece(content);
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      pieces++;
    } else if (field === 2)
      readFields(content, { 3: integer((value) => (algorithm = algorithms[value] ?? `algorithm ${value}`)) });
    else if (field === 3) readFields(content, { 1: text((value) => (normalizer = value)) });
  }
  return { algorithm, normalizer, pieces, kinds: counts };
}

function readPiece(content: ProtobufReader): string {
  let kind = 1;
  readFields(content, { 1: text(() => undefined), 3: integer((value) => (kind = value)) });
  return kinds[kind] ?? `kind ${kind}`;
}

function describeSentencePiece(model: SentencePiece): ModelDescription {
  return {
    format: "sentencepiece",
    producer: { name: "SentencePiece" },
    task: "unknown",
    summary: `${model.algorithm} tokenizer, ${counted(model.pieces, "piece")}`,
    inputs: [{ name: "text", type: "string", shape: [] }],
    outputs: [{ name: "ids", type: "int", shape: [null] }],
    facts: [
      ["normalizer", model.normalizer === "" ? "none" : model.normalizer],
      ...[...model.kinds].map(([kind, count]) => [`${kind} pieces`, count] as const),
    ],
  };
}
