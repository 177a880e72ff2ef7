// Where traces go.
import { IngotError } from "../core/index.ts";

/** `--trace`, else OpenTelemetry's own variable; null: nowhere. @throws IngotError USAGE */
export function traceOption(
  url: string | undefined,
  sample: string | undefined,
): { readonly url: string; readonly sample: number } | null {
  const target = url ?? process.env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  if (!target) return null;
  const refuse = (what: string, where: string, fix: string): never => {
    throw new IngotError("USAGE", { what, where, fix });
  };
  if (!/^https?:\/\//.test(target) || !URL.canParse(target))
    refuse(`\`${target}\` is no address`, "--trace", "such as http://127.0.0.1:4318");
  const share = Number(sample ?? 1);
  if (!(share >= 0 && share <= 1)) refuse(`\`${sample}\` is no share`, "--trace-sample", "a number from 0 to 1");
  return { url: target, sample: share };
}
