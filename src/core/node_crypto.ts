// Node's cryptography, loaded when it is first asked for: that takes longer than scanning a model or printing a version.

/** `node:crypto`. */
export function nodeCrypto(): typeof import("node:crypto") {
  return process.getBuiltinModule("node:crypto");
}
