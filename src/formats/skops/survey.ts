// skops files for the scanner: every class and function that schema.json names, whether or not a loader would come to it.
import { IngotError } from "../../core/index.ts";
import { isArray, isObject, type JsonValue, readJson, textAt } from "../json/index.ts";
import type { Survey } from "../survey.ts";
import type { Tree } from "../tree.ts";

/** Nodes that call what they name while they are loaded. */
const calling = new Set([
  "OperatorFuncNode",
  "ConstructorFromReduceNode",
  "TreeNode",
  "LossNode",
  "SGDNode",
  "QuantileForestNode",
]);
/** Nodes that stand for plain values: the class they name is never imported. */
const plain = new Set(["JsonNode", "SliceNode", "CachedNode"]);

export async function surveySkops(tree: Tree, survey: Survey): Promise<void> {
  try {
    await using file = await tree.open("schema.json");
    const { value, duplicates } = readJson(await file.readAll(2 ** 28), file.name);
    for (const key of duplicates) survey.observe({ kind: "anomaly", subject: "duplicate", detail: `key ${key} twice` });
    surveyNodes(value, survey);
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    survey.observe({ kind: "anomaly", subject: "structure", detail: error.what });
  }
}

/** Walks the whole document, so that nothing hides in keys that no node has. */
export function surveyNodes(root: JsonValue, survey: Survey): void {
  const waiting: JsonValue[] = [root];
  const seen = new Set<string>();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (isArray(next)) for (const item of next) waiting.push(item);
    if (!isObject(next)) continue;
    for (const item of next.values()) waiting.push(item);
    const loader = textAt(next, "__loader__") ?? "";
    if (plain.has(loader)) continue;
    observe(textAt(next, "__module__"), textAt(next, "__class__"), calling.has(loader) ? "call" : "import");
    observe(textAt(next, "content", "module_path"), textAt(next, "content", "function"), "import");
    const method = loader === "MethodNode" ? textAt(next, "content", "func") : undefined;
    if (method !== undefined) observe("builtins", "getattr", "call", `(${textAt(next, "__module__")}, ${method})`);
  }

  function observe(module: string | undefined, name: string | undefined, use: "import" | "call", args?: string): void {
    if (module === undefined || name === undefined) return;
    const key = `${module}\n${name}\n${use}\n${args ?? ""}`;
    if (seen.has(key)) return;
    seen.add(key);
    survey.observe({ kind: "global", module, name, use, ...(args === undefined ? {} : { args }) });
  }
}
