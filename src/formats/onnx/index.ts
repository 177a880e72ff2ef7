// onnx: models that are graphs already. Rule: onnx/onnx.proto, docs/IR.md, docs/ExternalData.md.
import { IngotError } from "../../core/index.ts";
import { byteLength, elementCount, externalFiles, type Model, readModel, tensorsOf } from "../../onnx/index.ts";
import type { FileSource, Format } from "../format.ts";
import { describeOnnx } from "./describe.ts";
import { isOnnx } from "./detect.ts";
import { surveyOnnx } from "./survey.ts";

export { classifierOutput, classNames, makersOf } from "./classes.ts";
export { columnType, graphInputs, graphOutputs, tensorDims, valueTypeText } from "./interface.ts";

export const onnx: Format<Model> = {
  id: "onnx",
  title: "ONNX",
  detect: isOnnx,
  async read(file) {
    const model = readModel(await file.readAll(), file.name);
    if (model.graph.outputs.length === 0)
      throw new IngotError("MODEL_INVALID", {
        what: "the graph has no outputs",
        where: file.name,
        fix: "export the model again",
      });
    await checkSiblings(model, file);
    return model;
  },
  describe: describeOnnx,
  survey: surveyOnnx,
};

/** External data must lie beside the model and be long enough; it is not read here. */
async function checkSiblings(model: Model, file: FileSource): Promise<void> {
  const sizes = new Map<string, number>();
  for (const location of externalFiles(model)) {
    if (!file.sibling) return;
    await using sibling = await file.sibling(location);
    sizes.set(location, sibling.size);
  }
  for (const { name, dtype, dims, content } of tensorsOf(model)) {
    if (content.kind !== "external") continue;
    const size = sizes.get(content.location);
    const end = Number(content.offset) + byteLength(dtype, elementCount(dims));
    if (size !== undefined && !(end <= size))
      throw new IngotError("FILE_TRUNCATED", {
        what: `tensor "${name}" ends at byte ${end}, the file at ${size}`,
        where: content.location,
        fix: "the file is incomplete: copy or export it again",
      });
  }
}
