// PMML: XML of trees, regressions and others.
import { fileTarget } from "./readers.ts";

export const name = "pmml";

export const target = fileTarget("pmml");
