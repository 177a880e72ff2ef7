// Token classification (names, places, parts of speech), as transformers' pipeline answers with aggregation_strategy="simple".
import { type ImportTask, labelsOf } from "./task.ts";
import { scoresOf, textSteps } from "./text_steps.ts";

export const tokenClassification: ImportTask = {
  name: "token classification",
  architectures: /ForTokenClassification$/,
  sources: "config.json and tokenizer_config.json",
  async describe(folder) {
    const labels = labelsOf(folder.config);
    const { others } = scoresOf(folder, labels, 2);
    return {
      ...(await textSteps(folder)),
      outputs: {},
      postprocess: [
        ...(others.length > 0 ? [{ drop: { columns: others } }] : []),
        { softmax: { column: "logits" } },
        { entities: { column: "logits", tokenizer: "tokenizer.json", labels } },
      ],
    };
  },
};
