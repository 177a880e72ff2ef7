// The certificate: how far a package's outputs are from the source library's, on which rows, and what is promised.
// It is part of the package, so it holds only what is the same on every machine: the figures of micro, whose arithmetic is
// JavaScript's own, and of wasm, which is one program everywhere. Native kernels differ by CPU in the last place: of native a package
// says how many values of exact outputs are unequal, and of the others that they stayed within the tolerance. A certificate beside a
// graph that becomes no package has all figures.
import type { EdgeKind, Tolerance } from "../convert/index.ts";
import { type Digest, digest, IngotError, type Json, readableJson } from "../core/index.ts";
import type { RuntimeName } from "../runtime/index.ts";
import type { Difference } from "./compare.ts";
import { parseJsonFile } from "./description.ts";
import type { EdgeRows } from "./edge_rows_file.ts";
import type { Example } from "./examples.ts";
import { fileNames } from "./file_set.ts";
import type { Measurement, RowSet, RuntimeResult } from "./measure.ts";
import { toleranceText } from "./tolerances.ts";

export type Dialect = "exact" | "compact" | "as given";

export interface Certificate {
  /** 1 knew examples only. */
  readonly formatVersion: 1 | 2;
  /** In words, for people. */
  readonly summary: readonly string[];
  readonly source: { readonly format: string; readonly digest: Digest };
  readonly graph: Digest;
  readonly dialect: Dialect | null;
  /** Per output: the largest difference from the source library that is accepted. */
  readonly tolerances: Readonly<Record<string, Tolerance>>;
  /** Their reference is what was recorded with them. */
  readonly examples: { readonly digest: Digest; readonly rows: number; readonly rowsWithOutputs: number } | null;
  readonly edgeRows: {
    readonly file: string;
    readonly digest: Digest;
    readonly rows: number;
    readonly kinds: Readonly<Partial<Record<EdgeKind, number>>>;
    readonly reference: EdgeRows["reference"];
  } | null;
  /** What each runtime differed by, per output. Null where it has not run, nothing was recorded, or the figures are the processor's own. */
  readonly differences: Readonly<Record<RuntimeName, RuntimeDifferences>> | null;
  /** Differences on the examples with the micro runtime; null where it cannot run the graph, or nothing was recorded. */
  readonly measured: Readonly<Record<string, Difference>> | null;
  /** The same on the edge rows. */
  readonly measuredEdgeRows: Readonly<Record<string, Difference>> | null;
  readonly runtimes: Readonly<Record<RuntimeName, RuntimeResult>>;
}

export interface RuntimeDifferences {
  readonly examples: Differences | null;
  readonly edgeRows: Differences | null;
}

/** Of native in a package only `values` and `unequal`, of outputs that are promised exact. */
export type Differences = Readonly<Record<string, Pick<Difference, "values" | "unequal"> & Partial<Difference>>>;

export interface Certified {
  readonly source: Certificate["source"];
  readonly graph: Digest;
  readonly dialect: Dialect;
  readonly tolerances: Readonly<Record<string, Tolerance>>;
  readonly examples: { readonly bytes: Uint8Array; readonly rows: readonly Example[] } | null;
  readonly edges: EdgeRows | null;
  readonly measurements: readonly Measurement[];
  /** With figures that another processor may not give: for a certificate that is in no package. */
  readonly ofThisMachine?: boolean;
}

export function certificateOf(facts: Certified): Certificate {
  const { source, graph, dialect, tolerances, examples, edges, measurements } = facts;
  const differences = (runtime: RuntimeName): RuntimeDifferences => ({
    examples: differencesOf(facts, runtime, "examples"),
    edgeRows: differencesOf(facts, runtime, "edge rows"),
  });
  const measured = (kind: RowSet["kind"]) => {
    const micro = measurements.find((one) => one.runtime === "micro" && one.kind === kind);
    return micro?.result === "within tolerance" ? micro.differences : null;
  };
  const certificate: Omit<Certificate, "summary" | "formatVersion"> = {
    source,
    graph,
    dialect,
    tolerances,
    examples: examples && {
      digest: digest(examples.bytes),
      rows: examples.rows.length,
      rowsWithOutputs: examples.rows.filter((row) => row.outputs !== undefined).length,
    },
    edgeRows: edges && {
      file: fileNames.edgeRows,
      digest: digest(edges.bytes),
      rows: edges.rows.length,
      kinds: edges.kinds,
      reference: edges.reference,
    },
    differences: { native: differences("native"), wasm: differences("wasm"), micro: differences("micro") },
    measured: measured("examples"),
    measuredEdgeRows: measured("edge rows"),
    runtimes: {
      native: verdict(measurements, "native"),
      wasm: verdict(measurements, "wasm"),
      micro: verdict(measurements, "micro"),
    },
  };
  return { formatVersion: 2, summary: summaryOf(certificate), ...certificate };
}

function differencesOf(
  { measurements, dialect, tolerances, ofThisMachine }: Certified,
  runtime: RuntimeName,
  kind: RowSet["kind"],
): Differences | null {
  const found = measurements.find((one) => one.runtime === runtime && one.kind === kind);
  if (found?.result !== "within tolerance") return null;
  if (runtime !== "native" || ofThisMachine) return found.differences;
  if (dialect === "compact") return null;
  const exact = Object.entries(found.differences).filter(([output]) => tolerances[output]?.exact);
  return Object.fromEntries(exact.map(([output, { values, unequal }]) => [output, { values, unequal }]));
}

/** The best that can be said of all rows: where some were compared, that they agree. */
function verdict(measurements: readonly Measurement[], runtime: RuntimeName): RuntimeResult {
  const results = measurements.filter((one) => one.runtime === runtime).map((one) => one.result);
  const known = ["cannot run", "within tolerance", "runs"] as const;
  return known.find((one) => results.includes(one)) ?? "not run";
}

function summaryOf(certificate: Omit<Certificate, "summary" | "formatVersion">): string[] {
  const { source, dialect, examples, edgeRows, measured, measuredEdgeRows, runtimes, tolerances } = certificate;
  const lines = [`${dialect} dialect, from ${source.format}`];
  if (dialect === "compact")
    lines.push(
      "computed in float32: more than 2 of 100 labels, or 25 of 100 numbers, of the examples further off than said here are refused",
    );
  if (examples)
    lines.push(`${examples.rowsWithOutputs} of ${examples.rows} examples have recorded outputs: ${told(measured)}`);
  if (edgeRows) {
    const kinds = Object.entries(edgeRows.kinds).map(([kind, count]) => `${count} ${kind}`);
    const against =
      edgeRows.reference === "evaluation"
        ? `against the model computed without the graph: ${told(measuredEdgeRows)}`
        : "no reference besides the graph: runtimes are compared with each other";
    lines.push(`${edgeRows.rows} edge rows (${kinds.join(", ")}) ${against}`);
  }
  for (const [output, tolerance] of Object.entries(tolerances)) lines.push(`${output} ${toleranceText(tolerance)}`);
  for (const [runtime, result] of Object.entries(runtimes) as [RuntimeName, RuntimeResult][])
    lines.push(`${runtime}: ${result}${figures(certificate.differences?.[runtime])}`);
  return lines;
}

/** `, label 0 of 60 unequal, probabilities 3 of 180, by at most 2.2e-16 (4.1e-16 relative)`, over both sets of rows. */
function figures(differences: RuntimeDifferences | undefined): string {
  const sets = [differences?.examples, differences?.edgeRows].filter((set) => set !== null && set !== undefined);
  const outputs = [...new Set(sets.flatMap((set) => Object.keys(set)))];
  return outputs
    .map((output) => {
      const all = sets.flatMap((set) => set[output] ?? []);
      const sum = (of: "values" | "unequal") => all.reduce((total, one) => total + one[of], 0);
      const most = (of: "maxAbsolute" | "maxRelative") => Math.max(0, ...all.map((one) => one[of] ?? 0));
      const off = most("maxAbsolute");
      const by = off > 0 ? `, by at most ${off.toPrecision(2)} (${most("maxRelative").toPrecision(2)} relative)` : "";
      return `; ${output} ${sum("unequal")} of ${sum("values")} unequal${by}`;
    })
    .join("");
}

function told(differences: Readonly<Record<string, Difference>> | null): string {
  if (differences === null) return "not measured with micro";
  return Object.entries(differences)
    .map(([output, { values, unequal, maxAbsolute, maxRelative }]) => {
      if (unequal === 0) return `${output} equal`;
      if (maxAbsolute === 0) return `${output} ${unequal} of ${values} unequal`;
      return `${output} off by at most ${maxAbsolute.toPrecision(2)} (${maxRelative.toPrecision(2)} relative)`;
    })
    .join("; ");
}

export function writeCertificate(certificate: Certificate): Uint8Array {
  return Buffer.from(readableJson(certificate as unknown as Json));
}

/** @throws IngotError PACKAGE_INVALID */
export function parseCertificate(bytes: Uint8Array, where: string): Certificate {
  const value = parseJsonFile(bytes, where) as (Partial<Certificate> & { formatVersion?: unknown }) | null;
  const { tolerances, formatVersion, edgeRows } = value ?? {};
  if (typeof formatVersion === "number" && formatVersion > 2)
    throw new IngotError("PACKAGE_INVALID", {
      what: `was written by a newer Ingot (certificate ${formatVersion}, this one reads 2)`,
      where,
      fix: "update Ingot",
    });
  const well =
    (formatVersion === 1 || formatVersion === 2) &&
    typeof tolerances === "object" &&
    tolerances !== null &&
    Object.values(tolerances).every(isTolerance) &&
    (formatVersion === 1 || edgeRows === null || typeof edgeRows?.file === "string");
  if (!well) throw new IngotError("PACKAGE_INVALID", { what: "is not a certificate that is known", where });
  const certificate = value as Certificate;
  if (certificate.formatVersion === 2) return { ...certificate, differences: certificate.differences ?? null };
  return { ...certificate, summary: [], dialect: null, edgeRows: null, differences: null, measuredEdgeRows: null };
}

function isTolerance(value: unknown): value is Tolerance {
  const {
    exact: isExact,
    absolute,
    relative,
  } = (value ?? {}) as { exact?: unknown; absolute?: unknown; relative?: unknown };
  return isExact === true || (isExact === false && isAmount(absolute) && isAmount(relative));
}

function isAmount(value: unknown): boolean {
  return typeof value === "number" && value >= 0;
}
