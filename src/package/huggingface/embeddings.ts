// Sentence encoders. With modules.json as sentence-transformers reads them; without it the mean over the tokens, which it takes then too.

import { sentenceModules } from "./sentence_modules.ts";
import { type ImportTask, unsupported } from "./task.ts";
import { textSteps } from "./text_steps.ts";

const tokenVectors = ["last_hidden_state", "token_embeddings"];
const families = "Bert|DistilBert|Roberta|XLMRoberta|MPNet|Albert|Electra|Camembert|Deberta|DebertaV2|ModernBert";

export const embeddings: ImportTask = {
  name: "sentence embeddings",
  // Folders of sentence-transformers may name what the encoder was trained with.
  architectures: new RegExp(`^(${families})(Model|ForMaskedLM|ForPreTraining)$`),
  sources: "config.json, tokenizer_config.json and modules.json",
  async describe(folder) {
    const modules = await sentenceModules(folder);
    const names = folder.schema.outputs.map(({ name }) => name);
    // Optimum's exports of sentence-transformers hold all modules.
    const isPooled = names.includes("sentence_embedding");
    const vectors = isPooled ? "sentence_embedding" : tokenVectors.find((name) => names.includes(name));
    if (!vectors)
      throw unsupported(
        folder.model,
        `the graph has no output ${tokenVectors.map((name) => `\`${name}\``).join(" or ")}`,
        "export it for feature extraction: `optimum-cli export onnx --task feature-extraction --model <folder> <folder>`",
      );
    if (!isPooled && modules && modules.weighted.length > 0)
      throw unsupported("modules.json", `the graph holds no weights of the module \`${modules.weighted[0]}\``);
    const others = names.filter((name) => name !== vectors);
    const pooling = modules?.pooling ?? "mean";
    return {
      // sentence-transformers takes surrounding space from texts, and lower case where it says so.
      ...(await textSteps(
        folder,
        modules
          ? { maxLength: modules.maxLength, clean: { trim: true, ...(modules.isLowercase ? { case: "lower" } : {}) } }
          : {},
      )),
      outputs: {},
      postprocess: [
        ...(others.length > 0 ? [{ drop: { columns: others } }] : []),
        ...(isPooled
          ? [{ rename: { columns: { sentence_embedding: "embedding" } } }]
          : [
              { mean_pool: { column: vectors, mask: "attention_mask", pooling, as: "embedding" } },
              { drop: { columns: [vectors] } },
            ]),
        ...(modules?.isNormalized ? [{ l2_normalize: { columns: ["embedding"] } }] : []),
      ],
    };
  },
};
