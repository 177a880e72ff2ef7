import { quoted } from "../../core/index.ts";
import { pathKind } from "../paths.ts";
import { on, type Rule } from "../rule.ts";

export const pathOutside: Rule = {
  id: "path-outside",
  severity: "high",
  title: "Loading would read or write an absolute path or an address",
  rationale: "The file chooses what is read from this machine or fetched from the network when the model is loaded.",
  references: ["CWE-73", "CWE-918", "CVE-2025-12058"],
  fix: "put what the model needs beside it and name it relatively",
  judge: on("path", (seen) => {
    const kind = pathKind(seen.path);
    return kind === "absolute" || kind === "url" ? `${seen.purpose}: ${quoted(seen.path, 120)}` : null;
  }),
};
