// Names of members that would do harm when they are unpacked, or that are one name to another file system.
import type { Survey } from "../survey.ts";
import type { Entry } from "../tree.ts";

export class Names {
  private readonly seen = new Set<string>();
  private readonly survey: Survey;

  constructor(survey: Survey) {
    this.survey = survey;
  }

  check(path: string, kind: Entry["kind"]): void {
    if (isUnsafe(path)) this.survey.observe({ kind: "path", path, purpose: "unpacking the archive writes there" });
    if (kind === "device")
      this.survey.observe({ kind: "anomaly", subject: "structure", detail: `${path} is a device` });
    const name = path.normalize("NFC").toLowerCase().replace(/\/+$/, "");
    if (this.seen.has(name) && kind !== "folder")
      this.survey.observe({
        kind: "anomaly",
        subject: "duplicate",
        detail: `two members are called "${path.slice(0, 100)}"`,
      });
    this.seen.add(name);
  }
}

function isUnsafe(path: string): boolean {
  return path.includes("\0") || /^[/\\]/.test(path) || /^[A-Za-z]:/.test(path) || path.split(/[/\\]/).includes("..");
}
