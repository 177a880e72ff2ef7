// ONNX Runtime's own format: tables of a flatbuffer.
import { fileTarget } from "./readers.ts";

export const name = "ort";

export const target = fileTarget("ort");
