// Image classification: ViT, ConvNeXT, ResNet, Swin, DeiT, MobileNet and others, as `transformers` prepares and reads them.
import { imageSteps } from "./image_steps.ts";
import { type HuggingFaceFolder, type ImportTask, labelsOf, unsupported } from "./task.ts";

export const imageClassification: ImportTask = {
  name: "image classification",
  architectures: /ForImageClassification(WithTeacher)?$/,
  sources: "config.json and preprocessor_config.json",
  async describe(folder) {
    const labels = labelsOf(folder.config);
    const others = folder.schema.outputs.filter(({ name }) => name !== "logits").map(({ name }) => name);
    const logits = folder.schema.outputs.find(({ name }) => name === "logits");
    if (!logits) throw unsupported(folder.model, "the graph has no output `logits`");
    const width = logits.shape.at(-1);
    if (typeof width === "number" && width !== labels.length)
      throw unsupported("config.json", `\`id2label\` has ${labels.length} labels for ${width} logits`);
    const isMany = folder.config["problem_type"] === "multi_label_classification";
    return {
      inputs: { image: { type: "bytes", description: "JPEG, PNG or WebP" } },
      preprocess: await imageSteps(folder, onlyImage(folder)),
      outputs: { probabilities: { classes: labels } },
      postprocess: [
        ...(others.length > 0 ? [{ drop: { columns: others } }] : []),
        ...(isMany
          ? [{ sigmoid: { column: "logits" } }]
          : [{ softmax: { column: "logits" } }, { argmax: { column: "logits", as: "label", classes: labels } }]),
        { rename: { columns: { logits: "probabilities" } } },
      ],
    };
  },
};

/** The one input of the graph. @throws IngotError MODEL_UNSUPPORTED */
export function onlyImage({ schema, model }: HuggingFaceFolder): string {
  const [image, ...others] = schema.inputs;
  if (image && others.length === 0 && image.shape.length === 3) return image.name;
  throw unsupported(
    model,
    `the graph reads ${schema.inputs.map(({ name }) => `\`${name}\``).join(", ")}, where one image was expected`,
    "export it with `pixel_values` as its only input",
  );
}
