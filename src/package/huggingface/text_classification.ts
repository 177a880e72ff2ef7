// Text classification. Rule: transformers/pipelines/text_classification.py, postprocess: `problem_type` says what scores become.
import { type ImportTask, labelsOf, unsupported } from "./task.ts";
import { scoresOf, textSteps } from "./text_steps.ts";

const problems = [undefined, null, "regression", "multi_label_classification", "single_label_classification"];

export const textClassification: ImportTask = {
  name: "text classification",
  architectures: /ForSequenceClassification$/,
  sources: "config.json and tokenizer_config.json",
  async describe(folder) {
    const { config } = folder;
    const labels = labelsOf(config);
    const { others } = scoresOf(folder, labels, 1);
    const problem = config["problem_type"];
    if (!problems.includes(problem as string | undefined | null))
      throw unsupported("config.json", `the field \`problem_type\` has a value that is not known: ${String(problem)}`);
    // A cross-encoder: two texts, and an activation of its own.
    if (config["sentence_transformers"] != null)
      throw unsupported("config.json", "the field `sentence_transformers` (of a cross-encoder) has no step");
    const steps = await textSteps(folder);
    const dropped = others.length > 0 ? [{ drop: { columns: others } }] : [];
    if (problem === "regression") {
      const [only] = labels;
      return labels.length === 1
        ? {
            ...steps,
            outputs: {},
            postprocess: [
              ...dropped,
              { pick: { column: "logits", classes: labels, class: only, as: "value" } },
              { drop: { columns: ["logits"] } },
            ],
          }
        : {
            ...steps,
            outputs: { values: { classes: labels } },
            postprocess: [...dropped, { rename: { columns: { logits: "values" } } }],
          };
    }
    const isEach = problem === "multi_label_classification" || labels.length === 1;
    return {
      ...steps,
      outputs: { probabilities: { classes: labels } },
      postprocess: [
        ...dropped,
        ...(isEach
          ? [{ sigmoid: { column: "logits" } }]
          : [{ softmax: { column: "logits" } }, { argmax: { column: "logits", as: "label", classes: labels } }]),
        { rename: { columns: { logits: "probabilities" } } },
      ],
    };
  },
};
