// Object detection: the DETR family, as `post_process_object_detection` of its image processors reads the answers.
import { onlyImage } from "./image_classification.ts";
import { imageSteps } from "./image_steps.ts";
import { type ImportTask, labelsOf, unsupported } from "./task.ts";

/** DETR and YOLOS choose by softmax with a class for nothing; the others by sigmoid, every class by itself. */
const bySoftmax = /^(Detr|Yolos)For/;

export const objectDetection: ImportTask = {
  name: "object detection",
  architectures: /^(Detr|Yolos|ConditionalDetr|DeformableDetr|RTDetr)ForObjectDetection$/,
  sources: "config.json and preprocessor_config.json",
  async describe(folder) {
    const labels = labelsOf(folder.config);
    const names = folder.schema.outputs.map(({ name }) => name);
    for (const name of ["logits", "pred_boxes"])
      if (!names.includes(name)) throw unsupported(folder.model, `the graph has no output \`${name}\``);
    const isSoftmax = bySoftmax.test(folder.architecture);
    const width = folder.schema.outputs.find(({ name }) => name === "logits")?.shape.at(-1);
    const wanted = labels.length + (isSoftmax ? 1 : 0);
    if (typeof width === "number" && width !== wanted)
      throw unsupported("config.json", `\`id2label\` has ${labels.length} labels for ${width} logits`);
    const others = names.filter((name) => name !== "logits" && name !== "pred_boxes");
    const choice = isSoftmax
      ? { activation: "softmax", background: "last" }
      : { activation: "sigmoid", classes_per_box: "all" };
    return {
      inputs: { image: { type: "bytes", description: "JPEG, PNG or WebP" } },
      preprocess: await imageSteps(folder, onlyImage(folder), "image_size"),
      outputs: {},
      postprocess: [
        ...(others.length > 0 ? [{ drop: { columns: others } }] : []),
        { decode_boxes: { column: "pred_boxes", format: "cxcywh", size: "image_size" } },
        { select_boxes: { boxes: "pred_boxes", scores: "logits", ...choice, score: 0.5, limit: 100, labels } },
        { trim: { columns: ["boxes", "scores", "labels"] } },
      ],
    };
  },
};
