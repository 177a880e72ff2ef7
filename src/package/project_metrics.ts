// Metrics of a project: written in ingot.yaml, or in a JSON file that it names.
import { readFile } from "node:fs/promises";
import { IngotError } from "../core/index.ts";
import type { ParsedProject } from "./project.ts";
import { projectFile } from "./project_files.ts";

/** @throws IngotError FILE_*, JSON_MALFORMED */
export async function readMetrics(
  folder: string,
  parsed: ParsedProject,
): Promise<Record<string, number | string | boolean> | null> {
  const { metrics } = parsed.project;
  if (metrics === undefined) return null;
  if (typeof metrics !== "string") return metrics;
  const where = parsed.where(["metrics"]);
  const bytes = await readFile(await projectFile(folder, metrics, where));
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new IngotError("JSON_MALFORMED", {
      what: `is not JSON (${(cause as Error).message})`,
      where: metrics,
      cause,
    });
  }
  const flat =
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((item) => ["number", "string", "boolean"].includes(typeof item));
  if (!flat)
    throw new IngotError("JSON_MALFORMED", {
      what: "is not a map of names to numbers or text",
      where: metrics,
      fix: 'write {"accuracy": 0.87}',
    });
  return value as Record<string, number | string | boolean>;
}
