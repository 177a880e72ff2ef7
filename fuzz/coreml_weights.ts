// Core ML: the blobs of weights beside a specification.
import { fileTarget } from "./readers.ts";

export const name = "coreml_weights";

export const target = fileTarget("coreml-weights");
