// Plain text: understood as text when it is UTF-8 without control characters; searched for secrets and for what makes loaders run code.
import type { OpenFile, Survey } from "../formats/index.ts";
import { secretsIn } from "./secrets.ts";

const chunk = 1 << 20;
/** Secrets and settings that lie across two chunks are found in the overlap. */
const overlap = 4096;
/** JSON above this size is searched as text only. */
const largestDocument = 32 << 20;

/** Whether these first bytes could begin a text. A byte of another alphabet may be cut at the end. */
export function looksLikeText(head: Uint8Array): boolean {
  return decode(head, true) !== null;
}

/** Covers the file when all of it is text; says where it stops being text otherwise. */
export async function surveyText(file: OpenFile, survey: Survey): Promise<void> {
  survey.reading?.("text");
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let before = "";
  for (let at = 0; at < file.size; at += chunk) {
    const bytes = await file.read(at, at + chunk);
    let text: string;
    try {
      text = decoder.decode(bytes, { stream: at + chunk < file.size });
    } catch {
      return survey.observe({ kind: "unread", at, detail: "is text at first, but not to its end" });
    }
    const control = controlAt(text);
    if (control >= 0)
      return survey.observe({ kind: "unread", at, detail: "is text at first, but holds control characters" });
    observeText(before + text, Math.max(0, at - before.length), survey);
    before = text.slice(-overlap);
    survey.covered(at, at + bytes.length);
  }
  if (file.size <= largestDocument) await surveyDocument(file, survey);
}

function observeText(text: string, at: number, survey: Survey): void {
  for (const { subject, detail, index } of secretsIn(text))
    survey.observe({ kind: "secret", at: at + index, subject, detail });
  // Protocol 0 of pickle is text: what its own reader did not take must not pass as prose.
  const pickle = /(?:^|[\n(.])c[A-Za-z_][\w.]{0,200}\n[A-Za-z_][\w.]{0,200}\n/.exec(text);
  if (pickle)
    survey.observe({ kind: "unread", at: at + pickle.index, detail: "looks like a part of a pickle in text form" });
}

async function surveyDocument(file: OpenFile, survey: Survey): Promise<void> {
  const text = Buffer.from(await file.readAll(largestDocument))
    .toString("utf8")
    .replace(/^\ufeff/, "");
  if (/\.(jinja2?|j2)$/i.test(file.name)) survey.observe({ kind: "template", text, name: "template" });
  if (/^\s*[[{]/.test(text)) surveyJson(text, survey);
  else surveyYaml(text, survey);
  if (/\.py$/i.test(file.name))
    survey.observe({ kind: "code", subject: "Python source file", detail: "runs only where somebody imports it" });
}

const codeKeys = new Set(["auto_map", "trust_remote_code", "_target_", "custom_pipelines"]);

/** Settings of any depth; a document that is no JSON after all is text and nothing more. */
function surveyJson(text: string, survey: Survey): void {
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

function observeTemplates(value: unknown, name: string, survey: Survey): void {
  if (typeof value === "string") survey.observe({ kind: "template", text: value, name });
}

/** YAML and the like, line by line: an unusual layout may hide a setting from us, but those are settings of honest loaders. */
function surveyYaml(text: string, survey: Survey): void {
  for (const match of text.matchAll(
    /(?:^|[\s{,-])["']?(_target_|trust_remote_code|auto_map)["']?\s*:\s*["']?([\w.:/-]{1,200})/g,
  ))
    survey.observe({ kind: "remote-code", at: match.index, key: match[1]!, value: match[2]! });
  for (const match of text.matchAll(/!!python\/[\w/]+:?[\w.]{0,200}/g))
    survey.observe({ kind: "code", at: match.index, subject: "YAML tag", detail: match[0] });
}

function controlAt(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what this looks for
  return text.search(/[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]/);
}

function decode(bytes: Uint8Array, cut: boolean): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: cut });
    return controlAt(text) < 0 ? text : null;
  } catch {
    return null;
  }
}
