// How rules name a global: as a call, an import or a state that is set, with the arguments where the reader saw them.
import { quoted } from "../core/index.ts";
import type { Seen } from "./rule.ts";

export function callText({ module, name, use, args }: Seen<"global">): string {
  const path = quoted(`${module}.${name}`, 160).slice(1, -1);
  if (use === "call")
    return `loading calls ${path}${args === undefined ? "" : ` with ${quoted(args, 120).slice(1, -1)}`}`;
  return use === "build" ? `loading sets the state of a ${path}` : `loading imports ${path}`;
}
