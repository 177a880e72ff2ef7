// Packages as text: what was packed, how exact it is, what is inside.
import { counted, type Schema } from "../core/index.ts";
import type { Measurement, Package, PackResult, VerifyReport } from "../package/index.ts";
import { toleranceText } from "../package/index.ts";
import type { ScanReport } from "../scan/index.ts";
import { columns, few, shortDigest, size } from "./render.ts";
import { typeText } from "./render_model.ts";

export function renderPacked(result: PackResult): string {
  const { description } = result;
  const from = [description.source.producer?.name, description.source.producer?.version].filter(Boolean).join(" ");
  const state = {
    new: result.written ? "packed" : "not in the store yet",
    same: result.written ? "packed again: same content" : "already in the store",
    different: result.written ? "packed, replaced" : "differs from the store",
  }[result.compared];
  return [
    columns([
      [`${result.name}:${result.version}`, state],
      ["model", `${description.source.file} (${description.source.format}${from ? `, ${from}` : ""})`],
      ["task", description.task],
      ["inputs", few(description.schema.inputs.map((input) => input.name))],
      ["outputs", few(description.schema.outputs.map((output) => output.name))],
      ["files", `${result.files.length}, ${size(result.size)}`],
      ["digest", result.digest],
      ["file set", result.fileSetDigest],
      ...(result.previous ? [["in store", result.previous]] : []),
      ["scan", scanText(result.scan)],
      ...description.notes.map((note) => ["note", note]),
    ]),
    "",
    renderMeasurements(result.measurements, result.certificate.tolerances),
  ].join("\n");
}

const runtimeOrder = ["native", "wasm", "micro"];

/** How far each runtime is from recorded outputs and on edge rows, and what was promised. */
export function renderMeasurements(
  measurements: readonly Measurement[],
  promised: Package["certificate"]["tolerances"] = {},
): string {
  const of = (kind: Measurement["kind"]) =>
    measurements
      .filter((measurement) => measurement.kind === kind)
      .sort((a, b) => runtimeOrder.indexOf(a.runtime) - runtimeOrder.indexOf(b.runtime));
  const [examples, edges] = [of("examples"), of("edge rows")];
  if (examples.length === 0) return "no examples: nothing was compared";
  return [
    renderSet(examples, promised, (rows) => `against the recorded outputs of ${counted(rows, "example")}`),
    ...(edges.length === 0 ? [] : ["", renderSet(edges, promised, edgeTitle(edges))]),
  ].join("\n");
}

function edgeTitle(measurements: readonly Measurement[]): (rows: number) => string {
  const crossed = measurements.some((measurement) => measurement.crossChecked);
  return (rows) =>
    crossed
      ? `on ${counted(rows, "edge row")}, against the micro runtime: this graph has no other reference`
      : `on ${counted(rows, "edge row")}, against the model computed without the graph`;
}

function renderSet(
  measurements: readonly Measurement[],
  promised: Package["certificate"]["tolerances"],
  title: (rows: number) => string,
): string {
  const outputs = [...new Set(measurements.flatMap((measurement) => Object.keys(measurement.differences)))];
  if (outputs.length === 0)
    return columns(measurements.map(({ runtime, result, problem }) => [runtime, problem ? problem.what : result]));
  const rows = Math.max(...measurements.map((measurement) => measurement.rows));
  return [
    title(rows),
    columns([
      ["", ...outputs],
      ...(outputs.some((output) => promised[output])
        ? [["promised", ...outputs.map((output) => limitText(promised[output]))]]
        : []),
      ...measurements.map(({ runtime, result, problem, differences, crossChecked }) => [
        runtime,
        ...(Object.keys(differences).length === 0
          ? [problem?.what ?? (crossChecked === undefined && result === "runs" ? "the reference" : result)]
          : outputs.map((output) => differenceText(differences[output]))),
      ]),
    ]),
  ].join("\n");
}

function limitText(tolerance: Package["certificate"]["tolerances"][string] | undefined): string {
  if (!tolerance) return "";
  if (tolerance.exact) return "equal";
  const { absolute, relative } = tolerance;
  return `≤ ${[absolute > 0 ? absolute.toExponential(1) : "", relative > 0 ? `${relative.toExponential(1)}·|x|` : ""].filter(Boolean).join(" + ") || "0"}`;
}

function differenceText(difference: Measurement["differences"][string] | undefined): string {
  if (!difference) return "";
  if (difference.unequal === 0) return "equal";
  if (difference.maxAbsolute === 0) return `${difference.unequal} of ${difference.values} differ`;
  return `≤ ${difference.maxAbsolute.toExponential(1)}`;
}

export function renderVerified(report: VerifyReport): string {
  const marks = { pass: "✓", fail: "✗", skip: "–" };
  return [
    report.reference,
    columns([
      ["digest", report.digest],
      ...(report.fileSetDigest === null ? [] : [["file set", report.fileSetDigest]]),
    ]),
    "",
    columns(report.checks.map((check) => [`  ${marks[check.result]} ${check.name}`, check.detail])),
    "",
    renderMeasurements(report.measurements),
    "",
    report.ok ? "verified" : "NOT verified",
  ].join("\n");
}

export function renderPackage(pkg: Package, scan: ScanReport | null = null): string {
  const { description, certificate } = pkg;
  const { source, graph } = description;
  const producer = source.producer && [source.producer.name, source.producer.version].filter(Boolean).join(" ");
  const about: string[][] = [
    ["digest", pkg.digest],
    ["file set", pkg.fileSetDigest],
    ...(description.license ? [["license", description.license]] : []),
    ["task", description.task],
    ["made from", `${source.file} (${source.format}${producer ? `, ${producer}` : ""})`],
    [
      "graph",
      `${graph.opsets.map(({ domain, version }) => `${domain || "ai.onnx"} ${version}`).join(", ")}, ${graph.dialect}`,
    ],
    ...(description.environment ? [["environment", description.environment]] : []),
    ...Object.entries(description.metrics ?? {}).map(([name, value]) => [`metric ${name}`, String(value)]),
    ...(scan === null ? [] : [["scan", scanText(scan)]]),
    ...(description.scan?.allow ?? []).map(({ rule, reason }) => ["scan allows", `${rule}: ${reason}`]),
    ...description.notes.map((note) => ["note", note]),
  ];
  const promises = Object.entries(certificate.tolerances).map(([output, tolerance]) => {
    const measured = certificate.measured?.[output];
    return [`  ${output}`, toleranceText(tolerance), measured ? differenceText(measured) : ""];
  });
  return [
    `${pkg.name}:${pkg.version}${description.description ? `  ${description.description}` : ""}`,
    columns(about),
    "",
    renderSchema(description.schema),
    "",
    `certificate${certificate.examples ? ` (${counted(certificate.examples.rowsWithOutputs, "example")} with outputs)` : " (no examples)"}`,
    columns(promises),
    ...certificate.summary.map((line) => `  ${line}`),
    "",
    "files",
    columns(pkg.files.map((file) => [`  ${file.path}`, file.kind, size(file.size), shortDigest(file.digest)])),
  ].join("\n");
}

function scanText({ verdict, findings, files }: ScanReport): string {
  return `${verdict} when packed: ${counted(findings.length, "finding")} in ${counted(files.length, "file or member", "files and members")}`;
}

function renderSchema(schema: Schema): string {
  const inputs = schema.inputs.map((input) => [
    `  ${input.name}`,
    typeText(input),
    input.missing === "allow" ? "may be missing" : "",
    [
      input.min === undefined && input.max === undefined ? "" : `${input.min ?? "…"} to ${input.max ?? "…"}`,
      input.unit ?? "",
      input.categories ? few(input.categories) : "",
      input.description ?? "",
    ]
      .filter((part) => part !== "")
      .join("; "),
  ]);
  const outputs = schema.outputs.map((output) => [
    `  ${output.name}`,
    typeText(output),
    output.classes ? few(output.classes) : (output.unit ?? ""),
  ]);
  const trimmed = (text: string) =>
    text
      .split("\n")
      .map((line) => line.trimEnd())
      .join("\n");
  return ["inputs", trimmed(columns(inputs)), "", "outputs", trimmed(columns(outputs))].join("\n");
}
