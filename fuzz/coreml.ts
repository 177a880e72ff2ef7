// Core ML: the specification of a model.
import { fileTarget } from "./readers.ts";

export const name = "coreml";

export const target = fileTarget("coreml");
