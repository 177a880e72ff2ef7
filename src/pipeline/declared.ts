// `preprocess:` and `postprocess:` of ingot.yaml as steps with checked options; every refusal names the line.
import type { z } from "zod";
import { IngotError, nearest, quoted } from "../core/index.ts";
import type { StepPlace } from "./frame.ts";
import type { Step } from "./step.ts";
import { steps } from "./steps/index.ts";

/** One entry of the list, its options as the step's definition reads them. */
export interface DeclaredStep extends StepPlace {
  readonly step: Step;
  readonly options: unknown;
}

/** A pipeline that takes longer to read than to run is nobody's. */
const mostSteps = 500;
const listNames = { before: "preprocess", after: "postprocess" } as const;

/**
 * @param entries as YAML gives them: each a map with one key, the step's name
 * @param where the place of a path in the file, beginning with `preprocess` or `postprocess`
 * @throws IngotError PIPELINE_INVALID
 */
export function declaredSteps(
  entries: readonly unknown[],
  place: "before" | "after",
  where: (path: readonly PropertyKey[], offset?: number) => string,
): DeclaredStep[] {
  const list = listNames[place];
  if (entries.length > mostSteps)
    throw new IngotError("PIPELINE_INVALID", {
      what: `\`${list}\` has ${entries.length} steps, at most ${mostSteps} are compiled`,
      where: where([list]),
    });
  return entries.map((entry, index) => {
    const refuse = (what: string, path: readonly PropertyKey[] = [], fix?: string): IngotError =>
      new IngotError("PIPELINE_INVALID", { what, where: where([list, index, ...path]), fix });
    // `- softmax` alone is a step without options.
    const map = typeof entry === "string" ? { [entry]: {} } : entry;
    if (typeof map !== "object" || map === null || Array.isArray(map) || Object.keys(map).length !== 1)
      throw refuse(
        "a step is a name with its options",
        [],
        "write it as `- impute: { columns: [age], value: 38 }`; `ingot steps` lists them",
      );
    const [name, given] = Object.entries(map)[0]!;
    const step = steps.find((candidate) => candidate.name === name);
    if (!step) {
      const near = nearest(
        name,
        steps.map((candidate) => candidate.name),
      );
      throw refuse(
        `there is no step ${quoted(name)}${near === undefined ? "" : `, did you mean \`${near}\`?`}`,
        [name],
        "`ingot steps` lists them",
      );
    }
    const parsed = step.options.safeParse(given ?? {});
    if (!parsed.success) throw optionsProblem(step, given ?? {}, parsed.error.issues, (...args) => refuse(...args));
    return {
      step,
      options: parsed.data,
      name,
      place,
      where: (option, offset) => where([list, index, name, ...option], offset),
    };
  });
}

function optionsProblem(
  step: Step,
  given: unknown,
  issues: readonly z.core.$ZodIssue[],
  refuse: (what: string, path: readonly PropertyKey[], fix?: string) => IngotError,
): IngotError {
  const issue = deepest(issues.find((candidate) => candidate.code === "unrecognized_keys") ?? issues[0]!);
  const label = issue.path.map(String).join(".");
  const fix = `\`ingot steps ${step.name}\` shows its options; for example \`${step.example}\``;
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0]!;
    const near = nearest(key, optionNames(step));
    const hint = near === undefined ? "" : `, did you mean \`${near}\`?`;
    return refuse(
      `\`${step.name}\`: unknown option \`${label ? `${label}.` : ""}${key}\`${hint}`,
      [step.name, ...issue.path, key],
      fix,
    );
  }
  const value = issue.path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[key],
    given,
  );
  const place = [step.name, ...issue.path];
  if (value === undefined && label !== "") return refuse(`\`${step.name}\`: \`${label}\` is missing`, place, fix);
  const message = issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  return refuse(
    `\`${step.name}\`: ${label === "" ? "" : `\`${label}\` is not right: `}${message}, got ${quoted(value)}`,
    place,
    fix,
  );
}

/** Of a union, the branch that came furthest: its complaint is about what was meant. */
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union") return issue;
  const branches = issue.errors.flatMap((branch) => branch.slice(0, 1));
  const best = branches.toSorted((a, b) => b.path.length - a.path.length)[0];
  if (!best || best.path.length === 0) return issue;
  return deepest({ ...best, path: [...issue.path, ...best.path] });
}

function optionNames(step: Step): string[] {
  const { shape } = step.options as { shape?: Record<string, unknown> };
  return shape === undefined ? [] : Object.keys(shape);
}
