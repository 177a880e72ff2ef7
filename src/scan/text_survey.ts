// Plain text: understood as text when it is UTF-8 without control characters; searched for secrets and for what makes loaders run code.
import type { OpenFile, Survey } from "../formats/index.ts";
import { secretsIn } from "./secrets.ts";
import { surveyJson, surveyYaml } from "./settings_survey.ts";

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
  observeEntities(text, at, survey);
  // Protocol 0 of pickle is text: what its own reader did not take must not pass as prose. Lists of words have lines like these too, but
  // no arguments behind them and no call.
  const pickle = /(?:^|[\n(.])c[A-Za-z_][\w.]{0,200}\n[A-Za-z_][\w.]{0,200}\n(?:p\d{1,9}\n)?[()]/.exec(text);
  if (pickle && /[)t](?:p\d{1,9}\n)?R|o\./.test(text.slice(pickle.index)))
    survey.observe({ kind: "unread", at: at + pickle.index, detail: "looks like a part of a pickle in text form" });
}

/** Entities of XML fetch files or grow without end, in readers that obey them; ours refuse. No model needs one. */
function observeEntities(text: string, at: number, survey: Survey): void {
  const declared = /<!ENTITY\s/.exec(text);
  if (!declared || !/<!DOCTYPE\s/.test(text.slice(0, declared.index))) return;
  survey.observe({
    kind: "unread",
    at: at + declared.index,
    detail: "XML that declares entities, which its readers expand",
  });
  for (const [, , path] of text.matchAll(/<!ENTITY\s[^>]*?\b(SYSTEM|PUBLIC\s+["'][^"']*["'])\s+["']([^"']+)["']/g))
    survey.observe({ kind: "path", path: path!, purpose: "an entity of the XML is read from" });
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
