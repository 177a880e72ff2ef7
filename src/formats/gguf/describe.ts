// A GGUF model as people ask for it: architecture, quantisation, context, vocabulary.
import { counted, quoted } from "../../core/index.ts";
import type { ModelDescription } from "../format.ts";
import { describeTensors } from "../tensors.ts";
import type { GgufHeader, GgufValue } from "./header.ts";
import type { GgufLayout } from "./layout.ts";
import { fileTypes } from "./tensor_types.ts";

export function describeGguf({ header, layout }: { header: GgufHeader; layout: GgufLayout }): ModelDescription {
  const of = (key: string) => header.metadata.get(key);
  const architecture = String(of("general.architecture") ?? "unknown architecture");
  const weights = describeTensors(
    // GGML counts sizes from the fastest running one, everybody else from the slowest.
    layout.tensors.map(({ name, type, shape, bytes }) => ({ name, dtype: type, shape: [...shape].reverse(), bytes })),
  );
  const fileType = of("general.file_type");
  const quantisation =
    (typeof fileType === "number" ? fileTypes.get(fileType) : undefined) ?? weights.sizes?.[0]?.dtype ?? "none";
  const tokens = of("tokenizer.ggml.tokens");
  const facts: [string, string | number][] = [];
  const fact = (label: string, value: GgufValue | undefined) => {
    if (value !== undefined) facts.push([label, shown(value)]);
  };
  fact("architecture", architecture);
  fact("name", of("general.name"));
  facts.push(["quantisation", quantisation]);
  fact("context length", of(`${architecture}.context_length`));
  fact("blocks", of(`${architecture}.block_count`));
  fact("embedding", of(`${architecture}.embedding_length`));
  fact("heads", of(`${architecture}.attention.head_count`));
  fact("experts", of(`${architecture}.expert_count`));
  fact("tokenizer", of("tokenizer.ggml.model"));
  if (typeof tokens === "object") facts.push(["vocabulary", tokens.length]);
  if (of("tokenizer.chat_template") !== undefined) facts.push(["chat template", "yes"]);
  fact("licence", of("general.license"));
  const split = of("split.count");
  if (typeof split === "number" && split > 1) facts.push(["part", `${Number(of("split.no") ?? 0) + 1} of ${split}`]);
  return {
    format: "gguf",
    formatVersion: `${header.version}${header.littleEndian ? "" : ", big-endian"}`,
    task: "unknown",
    summary: `${architecture}, ${quantisation}, ${counted(weights.parameters ?? 0, "parameter")} in ${counted(layout.tensors.length, "tensor")}`,
    inputs: [],
    outputs: [],
    ...weights,
    facts: [...facts, ...weights.facts, ["metadata", `${header.metadata.size} entries`]],
  };
}

function shown(value: GgufValue): string | number {
  if (typeof value === "number") return value;
  if (typeof value === "string") return value.length > 100 ? quoted(value, 100) : value;
  if (typeof value === "object")
    return `${value.length} × ${value.type}: ${value.first.slice(0, 8).map(shown).join(", ")}`;
  return String(value);
}
