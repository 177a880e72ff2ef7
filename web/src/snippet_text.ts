// The same request, written for other tools.
import type { InputRecord } from "./api.ts";
import { compact } from "./form_state.ts";

export interface Language {
  readonly name: string;
  write(url: string, record: InputRecord): string;
}

/** What fits beside the form on a laptop. */
const width = 52;

export const languages: readonly Language[] = [
  { name: "curl", write: (url, record) => `curl -s ${url} \\\n  -d ${shellQuoted(wrapped(record, compact))}` },
  {
    name: "Python",
    write: (url, record) =>
      `import requests\n\nrecord = ${wrapped(record, pythonLiteral)}\nprediction = requests.post(${JSON.stringify(url)}, json=record).json()\nprint(prediction)`,
  },
  {
    name: "JavaScript",
    write: (url, record) =>
      `const record = ${wrapped(record, compact)};\nconst response = await fetch(${JSON.stringify(url)}, {\n  method: "POST",\n  body: JSON.stringify(record),\n});\nconsole.log(await response.json());`,
  },
];

/** Members on one line when they fit, else as many per line as fit. */
function wrapped(record: InputRecord, literal: (value: unknown) => string): string {
  const members = Object.entries(record).map(([key, value]) => `${JSON.stringify(key)}: ${literal(value)}`);
  const oneLine = `{${members.join(", ")}}`;
  if (oneLine.length <= width) return oneLine;
  const lines: string[] = [];
  for (const [index, member] of members.entries()) {
    const text = index < members.length - 1 ? `${member},` : member;
    const last = lines.at(-1);
    if (last !== undefined && last.length + text.length + 1 <= width) lines[lines.length - 1] = `${last} ${text}`;
    else lines.push(`  ${text}`);
  }
  return `{\n${lines.join("\n")}\n}`;
}

function pythonLiteral(value: unknown): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(", ")}]`;
  return JSON.stringify(value);
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
