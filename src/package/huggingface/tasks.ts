// The table of tasks that Hugging Face folders are imported for.
import { embeddings } from "./embeddings.ts";
import { imageClassification } from "./image_classification.ts";
import { objectDetection } from "./object_detection.ts";
import type { ImportTask } from "./task.ts";
import { textClassification } from "./text_classification.ts";
import { tokenClassification } from "./token_classification.ts";

// biome-ignore format: one task per line
export const importTasks: readonly ImportTask[] = [
  imageClassification,
  objectDetection,
  textClassification,
  tokenClassification,
  embeddings,
];
