// What an importer of Hugging Face folders is: one file per task, one line in the table (tasks.ts).
import { IngotError, type Schema } from "../../core/index.ts";

/** A folder as transformers and Optimum write it. */
export interface HuggingFaceFolder {
  readonly path: string;
  /** config.json */
  readonly config: Readonly<Record<string, unknown>>;
  /** `architectures[0]` of config.json. */
  readonly architecture: string;
  /** Path of the ONNX graph in the folder. */
  readonly model: string;
  readonly schema: Schema;
  /** A settings file of the folder, parsed; null where there is none. @throws IngotError FILE_*, JSON_MALFORMED */
  read(file: string): Promise<Readonly<Record<string, unknown>> | null>;
  /** The same for a file that holds a list. */
  readList(file: string): Promise<readonly unknown[] | null>;
}

type Step = Readonly<Record<string, unknown>>;

/** What of ingot.yaml the folder says. */
export interface ImportedProject {
  readonly inputs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly preprocess: readonly Step[];
  readonly outputs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly postprocess: readonly Step[];
}

export interface ImportTask {
  /** For messages. */
  readonly name: string;
  readonly architectures: RegExp;
  /** Files that the steps come from, for the head of ingot.yaml. */
  readonly sources: string;
  /** @throws IngotError MODEL_UNSUPPORTED naming the file and the field that has no step */
  describe(folder: HuggingFaceFolder): Promise<ImportedProject>;
}

export function unsupported(file: string, what: string, fix?: string): IngotError {
  return new IngotError("MODEL_UNSUPPORTED", {
    what,
    where: file,
    fix: fix ?? "write ingot.yaml by hand (`ingot init model.onnx`), with the steps that the training code took",
  });
}

/** Where a file names none; more are compared with the graph's outputs. */
const mostUnnamed = 100_000;

/**
 * Labels in the order of the model's numbers. Those that transformers gives by itself (LABEL_0, LABEL_1) it does not write.
 * @throws IngotError MODEL_UNSUPPORTED where id2label is not whole
 */
export function labelsOf(config: Readonly<Record<string, unknown>>): string[] {
  const named = config["id2label"] ?? null;
  if (named === null) {
    const count = config["num_labels"] ?? 2;
    if (!Number.isInteger(count) || (count as number) < 1 || (count as number) > mostUnnamed)
      throw unsupported("config.json", "it has no `id2label`, and `num_labels` is no number of labels");
    return Array.from({ length: count as number }, (_, id) => `LABEL_${id}`);
  }
  if (typeof named !== "object") throw unsupported("config.json", "`id2label` names no labels");
  const entries = new Map(Object.entries(named));
  return Array.from({ length: entries.size }, (_, id) => {
    const label = entries.get(String(id));
    if (typeof label !== "string")
      throw unsupported("config.json", `\`id2label\` has no label for ${id} of ${entries.size}`);
    return label;
  });
}
