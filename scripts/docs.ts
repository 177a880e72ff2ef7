// Writes docs/rules.md, docs/formats.md, docs/steps.md and docs/inference.proto from the tables of the code. `npm run docs`; a test compares them.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { converters } from "../src/convert/index.ts";
import { containers, formats, treeFormats } from "../src/formats/index.ts";
import { expressionFunctions, stepOptions, steps } from "../src/pipeline/index.ts";
import { referenceUrl, rules, severities } from "../src/scan/index.ts";
import { inferenceService } from "../src/serve/grpc/inference_service.ts";
import { protoText } from "../src/serve/grpc/proto_text.ts";
import { Serving } from "../src/serve/serving.ts";
import { WebAssets } from "../src/serve/web_assets.ts";

export function rulesPage(): string {
  const parts = [
    "# Rules of `ingot scan`",
    "",
    "Written by `npm run docs` from `src/scan/rules/`. `ingot rules` lists the same.",
    "",
    "A scan is **clean** only when every byte of every file was understood and nothing of medium severity or above was found;",
    "**malicious** with a critical finding, **suspicious** with a high or medium one, else **unknown**. It exits 1 at a finding of",
    "`--fail-on` (default high) or above, and at anything that was not understood.",
    "",
    "| severity | rule | what it finds |",
    "|---|---|---|",
    ...severities.flatMap((severity) =>
      rules
        .filter((rule) => rule.severity === severity)
        .map((rule) => `| ${severity} | [\`${rule.id}\`](#${rule.id}) | ${cell(rule.title)} |`),
    ),
  ];
  for (const rule of rules)
    parts.push(
      "",
      `## ${rule.id}`,
      "",
      `**${rule.severity}**: ${rule.title}.`,
      "",
      rule.rationale,
      "",
      `What to do: ${rule.fix}.`,
      "",
      `See ${rule.references.map((id) => `[${id}](${referenceUrl(id)})`).join(", ")}.`,
    );
  return `${parts.join("\n")}\n`;
}

export function formatsPage(): string {
  const convertible = new Set(converters.flatMap((converter) => converter.formats));
  return `${[
    "# Formats",
    "",
    "Written by `npm run docs` from the tables in `src/formats/tables.ts`. `ingot formats` lists the same.",
    "",
    "Every format is recognised by its content and read without executing anything. *Surveyed* formats are walked piece by piece by",
    "`ingot scan`; of the others a scan knows that the whole file was read and checked. `ingot inspect --json` prints what",
    "[inspect.schema.json](inspect.schema.json) describes.",
    "",
    "| format | what it is | converts | scan |",
    "|---|---|---|---|",
    ...formats.map(
      (format) =>
        `| \`${format.id}\` | ${cell(format.title)} | ${convertible.has(format.id) ? "yes" : "no"} | ${format.survey ? "surveyed" : "read whole"} |`,
    ),
    "",
    "## Folders",
    "",
    "Formats of several files, on disk or inside a zip or tar; every member is read and scanned by its own format, too.",
    "",
    "| format | what it is | converts |",
    "|---|---|---|",
    ...treeFormats.map(({ id, title }) => `| \`${id}\` | ${cell(title)} | ${convertible.has(id) ? "yes" : "no"} |`),
    "",
    "## Containers",
    "",
    "| container | what it is |",
    "|---|---|",
    ...containers.map(({ id, title }) => `| \`${id}\` | ${cell(title)} |`),
    "",
    "gzip, xz, LZMA, bzip2, Zstandard, LZ4 and zlib streams are looked into wherever they stand.",
  ].join("\n")}\n`;
}

/** The service of inference as generators of clients read it. */
export function inferenceProto(): string {
  const engine = { maxInFlight: 1, latencyTargetMs: null };
  return protoText(inferenceService(new Serving([], { version: "", bodyLimit: 0, engine, web: new WebAssets(null) })));
}

export function stepsPage(): string {
  const families = [...new Set(steps.map(({ family }) => family))];
  const parts = [
    "# Steps",
    "",
    "Written by `npm run docs` from the table in `src/pipeline/steps/`. `ingot steps` lists the same, `ingot steps impute` shows one.",
    "",
    "Steps under `preprocess:` of `ingot.yaml` run before the model, those under `postprocess:` after it, in order, on one frame of named columns: the inputs first,",
    "then what each step and the model write. A step that writes a name that exists replaces the column. Each step becomes one function of the graph, named after it.",
    "",
    "| step | on | what it does |",
    "|---|---|---|",
    ...families.flatMap((family) =>
      steps
        .filter((step) => step.family === family)
        .map(({ name, about }) => `| [\`${name}\`](#${name}) | ${family} | ${cell(about)} |`),
    ),
  ];
  for (const family of families)
    for (const step of steps.filter((each) => each.family === family)) {
      parts.push("", `## ${step.name}`, "", `${step.about}. Numbers as \`${step.reference}\`.`, "");
      parts.push("```yaml", `- ${step.example}`, "```");
      const options = stepOptions(step);
      if (options.length > 0)
        parts.push(
          "",
          "| option | type | default | what it means |",
          "|---|---|---|---|",
          ...options.map((option) => {
            const fallback = option.isRequired
              ? "required"
              : option.default === undefined
                ? ""
                : `\`${cell(option.default)}\``;
            return `| \`${option.name}\` | ${cell(option.type)} | ${fallback} | ${cell(option.about)} |`;
          }),
        );
      if (step.name === "compute")
        parts.push(
          "",
          "| expression | what it is |",
          "|---|---|",
          ...[...expressionFunctions.values()].map(({ usage, about }) => `| \`${cell(usage)}\` | ${cell(about)} |`),
        );
    }
  return `${parts.join("\n")}\n`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const docs = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), "docs");
  writeFileSync(path.join(docs, "rules.md"), rulesPage());
  writeFileSync(path.join(docs, "formats.md"), formatsPage());
  writeFileSync(path.join(docs, "inference.proto"), inferenceProto());
  writeFileSync(path.join(docs, "steps.md"), stepsPage());
}
