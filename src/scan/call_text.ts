// How rules name a global: as a call, an import or a state that is set, with the arguments where the reader saw them.
import type { Seen } from "./rule.ts";

export function callText({ module, name, use, args }: Seen<"global">): string {
  const path = visible(`${module}.${name}`, 160);
  if (use === "call") return `loading calls ${path}${args === undefined ? "" : ` with ${visible(args, 120)}`}`;
  return use === "build" ? `loading sets the state of a ${path}` : `loading imports ${path}`;
}

/** Cut short, and nothing in it that a terminal would obey or that turns the direction of a line. */
function visible(text: string, limit: number): string {
  const short = text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
  return short.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
