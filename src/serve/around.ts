// What may stand around a prediction: other variants that answer instead or are compared, logs of what was asked and answered.
import type { Tensor } from "../onnx/index.ts";
import type { InputRecord } from "../runtime/index.ts";
import type { Asker, Call } from "./call.ts";
import type { ServedModel } from "./served_model.ts";

/** What a model was asked: tensors or records, as the protocol brought it. Nobody may change it. */
export type Question =
  | { readonly feeds: Readonly<Record<string, Tensor>> }
  | { readonly records: readonly InputRecord[] };

/**
 * Stands around every prediction of a model. `answer` asks any model the same question, in the same form; what this returns is the
 * answer. Whoever lets another model answer sets `call.answeredBy` and holds it meanwhile.
 */
export type Around = <T>(
  chosen: ServedModel,
  question: Question,
  call: Call,
  answer: (model: ServedModel) => Promise<T>,
) => Promise<T>;

/** Which of a model's variants answers; the caller acquires it. @throws IngotError MODEL_UNKNOWN for a pinned variant that is not there */
export type Chooser = (asker: Asker) => ServedModel;
