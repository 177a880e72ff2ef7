// What `ingot convert` needs of the layers, and nothing else of them: an `import()` of a whole layer would load all of it.
export { convertModel } from "../convert/index.ts";
export { detectFormat, openFile } from "../formats/index.ts";
export { writeModel } from "../onnx/index.ts";
export { toleranceText } from "../package/index.ts";
