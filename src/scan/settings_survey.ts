// Settings in JSON and YAML that make a loader import, call, render or read something.
import type { Survey } from "../formats/index.ts";

const codeKeys = new Set(["auto_map", "trust_remote_code", "_target_", "custom_pipelines"]);

/** Settings of any depth; a document that is no JSON after all is text and nothing more. */
export function surveyJson(text: string, survey: Survey): void {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    surveyYaml(text, survey);
    return;
  }
  const open: [value: unknown, path: string][] = [[document, ""]];
  for (let item = open.pop(); item; item = open.pop()) {
    const [value, path] = item;
    if (typeof value !== "object" || value === null) continue;
    if (!Array.isArray(value)) observeKeras(value as Record<string, unknown>, path, survey);
    for (const [key, inner] of Object.entries(value)) {
      const where = path === "" ? key : `${path}.${key}`;
      if (codeKeys.has(key) && inner !== false && inner !== null)
        survey.observe({
          kind: "remote-code",
          key: where,
          value: typeof inner === "string" ? inner : JSON.stringify(inner).slice(0, 300),
        });
      else if (/chat_template/.test(key) || (key === "template" && /chat_template/.test(path)))
        observeTemplates(inner, where, survey);
      if (typeof inner === "object" && inner !== null) open.push([inner, where.slice(-300)]);
    }
  }
}

/** What Keras would import and call for this object; wherever the configuration is, in a file of its own or in an archive. */
function observeKeras(value: Record<string, unknown>, path: string, survey: Survey): void {
  const { class_name, module, config, registered_name } = value;
  if (typeof class_name !== "string" || !("config" in value)) return;
  const from = typeof module === "string" ? module : "";
  // A function is stored as its name in `config`.
  const isFunction = class_name === "function" && typeof config === "string";
  const custom = from === "" && typeof registered_name === "string" && registered_name.includes(">");
  const name = isFunction ? config : custom ? registered_name : class_name;
  const known =
    isFunction &&
    from === "builtins" &&
    /^[a-z_0-9]{1,40}$/.test(name) &&
    !/^(eval|exec|compile|open|input)$/.test(name);
  survey.observe({ kind: "keras-object", module: known ? "" : from, name, path: path || "the model" });
  const inner = typeof config === "object" && config !== null ? (config as Record<string, unknown>) : {};
  if (typeof inner["vocabulary"] === "string")
    survey.observe({
      kind: "path",
      path: inner["vocabulary"],
      purpose: `the layer ${path || class_name} reads a vocabulary from`,
    });
  if (typeof inner["name"] === "string" && /[/\\]\.\.|\.\.[/\\]|^[/\\]/.test(inner["name"]))
    survey.observe({ kind: "path", path: inner["name"], purpose: "a layer is called" });
}

function observeTemplates(value: unknown, name: string, survey: Survey): void {
  if (typeof value === "string") survey.observe({ kind: "template", text: value, name });
}

/** YAML and the like, line by line: an unusual layout may hide a setting from us, but those are settings of honest loaders. */
export function surveyYaml(text: string, survey: Survey): void {
  for (const match of text.matchAll(
    /(?:^|[\s{,-])["']?(_target_|trust_remote_code|auto_map)["']?\s*:\s*["']?([\w.:/-]{1,200})/g,
  ))
    survey.observe({ kind: "remote-code", at: match.index, key: match[1]!, value: match[2]! });
  for (const match of text.matchAll(/!!python\/[\w/]+:?[\w.]{0,200}/g))
    survey.observe({ kind: "code", at: match.index, subject: "YAML tag", detail: match[0] });
}
