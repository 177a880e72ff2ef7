// What a person sees of a checkpoint, whichever of PyTorch's containers it is in.
import { counted } from "../../core/index.ts";
import type { ModelDescription } from "../format.ts";
import { describeTensors, type StoredTensor } from "../tensors.ts";

export interface Checkpoint {
  readonly source: string;
  /** Id of the container's format. */
  readonly format: string;
  /** Class of the object that is stored, e.g. `collections.OrderedDict`. */
  readonly root: string;
  readonly tensors: readonly StoredTensor[];
  /** TorchScript: how many source files of the program are stored beside the weights. */
  readonly code: number;
  readonly globals: readonly string[];
}

export function describeCheckpoint(model: Checkpoint): ModelDescription {
  const { facts, ...sizes } = describeTensors(model.tensors);
  const own = [...new Set(model.globals)].filter((name) => !/^(torch|collections|__torch__)\b/.test(name));
  const isState = model.root === "collections.OrderedDict" || model.root === "dict";
  const what = model.code > 0 ? "TorchScript program" : isState ? "state dict" : model.root;
  return {
    format: model.code > 0 ? "torchscript" : model.format,
    producer: { name: "PyTorch" },
    task: "unknown",
    summary: `${what} of ${counted(model.tensors.length, "tensor")}`,
    inputs: [],
    outputs: [],
    ...sizes,
    facts: [
      ...facts,
      ...(model.code > 0 ? [["code", `${model.code} source files`] as const] : []),
      ...(own.length > 0 ? [["classes", own.join(", ")] as const] : []),
    ],
  };
}
