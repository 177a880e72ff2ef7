// Labels of tokens to entities: neighbours of one kind are joined. Rule: transformers/pipelines/token_classification.py, aggregation_strategy
// "simple": B- begins an entity, I- goes on with one of its kind, the score is the mean over its tokens, O is left out. A token
// for what the tokenizer does not know counts as any other; its text is the token ([UNK]), since ids do not say what stood there.
import { z } from "zod";
import type { Tensor } from "../../onnx/index.ts";
import type { HostKind, HostResult } from "../host.ts";
import { hostSettings } from "./settings.ts";
import { Encoder } from "./tokenizer/encoder.ts";
import { readTokenizer } from "./tokenizer/file.ts";

export const entitiesSettings = z.strictObject({
  tokenizer: z.string(),
  labels: z.array(z.string()).min(1),
  ignore: z.array(z.string()),
});

interface Entity {
  readonly kind: string;
  readonly ids: number[];
  readonly scores: number[];
}

export const entities: HostKind = {
  kind: "entities",
  async open(given, read) {
    const { tokenizer, labels, ignore } = hostSettings(entitiesSettings, given, "entities");
    const encoder = new Encoder(readTokenizer(await read(tokenizer), tokenizer));
    const ignored = new Set(ignore);

    function found(scores: Tensor, ids: Tensor, mask: Tensor): HostResult {
      const size = labels.length;
      const all: Entity[] = [];
      let last: string | null = null;
      for (let token = 0; token < ids.data.length; token++) {
        const id = Number(ids.data[token]);
        if (Number(mask.data[token]) === 0 || (encoder.isSpecial(id) && !encoder.isUnknown(id))) continue;
        const own = Array.from(scores.data as ArrayLike<number>).slice(token * size, (token + 1) * size);
        const best = own.reduce((top, score, at) => (score > own[top]! ? at : top), 0);
        const label = labels[best]!;
        const begins = label.startsWith("B-");
        const kind = begins || label.startsWith("I-") ? label.slice(2) : label;
        if (kind === last && !begins) {
          all.at(-1)!.ids.push(id);
          all.at(-1)!.scores.push(own[best]!);
        } else all.push({ kind, ids: [id], scores: [own[best]!] });
        last = kind;
      }
      const kept = all.filter(({ kind }) => !ignored.has(kind));
      return [
        kept.map((entity) => encoder.decode(entity.ids, false)),
        kept.map(({ kind }) => kind),
        kept.map((entity) => entity.scores.reduce((sum, score) => sum + score, 0) / entity.scores.length),
      ];
    }

    return {
      run: ([scores, ids, mask], rows) =>
        Array.from({ length: rows }, (_, row) =>
          found(scores![row] as Tensor, ids![row] as Tensor, mask![row] as Tensor),
        ),
    };
  },
};
