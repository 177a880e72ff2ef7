// What a rule is: data about one danger, and one pure function that recognises it in what a reader observed.
import type { Observation } from "../formats/index.ts";

/** From worst to mildest. */
export const severities = ["critical", "high", "medium", "low"] as const;
export type Severity = (typeof severities)[number];

/** Whether `severity` is at least as bad as `limit`. */
export function atLeast(severity: Severity, limit: Severity): boolean {
  return severities.indexOf(severity) <= severities.indexOf(limit);
}

/** Where an observation was made. */
export interface Scene {
  /** Path with members: `model.zip!/archive/data.pkl`. */
  readonly path: string;
  /** The reader that observed, e.g. `pickle`; empty where it did not say. */
  readonly reader: string;
}

export interface Rule {
  /** Stable: projects and SARIF name it. */
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  /** Why it matters. */
  readonly rationale: string;
  /** CVE, CWE, GHSA ids. */
  readonly references: readonly string[];
  /** What to do. */
  readonly fix: string;
  /** The sentence that names what was found, or null where the rule does not apply. */
  readonly judge: Judge;
}

/** Whether an observation is a case of the rule; `kind` is the one kind that it looks at. */
export interface Judge {
  (observation: Observation, scene: Scene): string | null;
  readonly kind: Observation["kind"];
}

/** The kind `K` of observations. */
export type Seen<K extends Observation["kind"]> = Extract<Observation, { kind: K }>;

/** `judge` for a rule that looks at one kind of observation. */
export function on<K extends Observation["kind"]>(
  kind: K,
  judge: (seen: Seen<K>, scene: Scene) => string | null,
): Judge {
  return Object.assign(
    (observation: Observation, scene: Scene) =>
      observation.kind === kind ? judge(observation as Seen<K>, scene) : null,
    { kind },
  );
}

/** A page about an id: where `ingot rules` and SARIF send the reader. */
export function referenceUrl(id: string): string {
  if (id.startsWith("CVE-")) return `https://nvd.nist.gov/vuln/detail/${id}`;
  if (id.startsWith("CWE-")) return `https://cwe.mitre.org/data/definitions/${id.slice(4)}.html`;
  return `https://github.com/advisories/${id}`;
}
