// Settings of work on the host come out of a package: checked like everything that does.
import type { z } from "zod";
import { IngotError, type Json } from "../../core/index.ts";

/** @throws IngotError PACKAGE_INVALID */
export function hostSettings<Settings>(definition: z.ZodType<Settings>, given: Json, kind: string): Settings {
  const parsed = definition.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new IngotError("PACKAGE_INVALID", {
    what: `the settings of \`${kind}\` are not right: ${issue.path.map(String).join(".")} ${issue.message}`,
    where: "ingot.json: pipeline",
  });
}

/** One record that a step on the host refuses; the caller adds its row. */
export function recordRefused(column: string, what: string, fix?: string): IngotError {
  return new IngotError("RECORD_REFUSED", { what, where: `inputs.${column}`, ...(fix === undefined ? {} : { fix }) });
}
