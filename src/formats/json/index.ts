// json: a strict, bounded reader that other formats build on. Values are inert; duplicate keys are told, not hidden.
export * from "./read.ts";
export * from "./value.ts";
