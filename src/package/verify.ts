// verify: is a package what it says, and does it still give the recorded numbers here?
import { digest, IngotError } from "../core/index.ts";
import type { Store } from "../oci/index.ts";
import { readModel } from "../onnx/index.ts";
import type { RuntimeName } from "../runtime/index.ts";
import { compactBeyond } from "./certify.ts";
import { parseEdgeRows } from "./edge_rows_file.ts";
import { fileNames, type PackageFile } from "./file_set.ts";
import { type PackageEntry, resolveReference } from "./list.ts";
import { type Measurement, measureAll, type RowSet } from "./measure.ts";
import { configType, modelPackConfig, modelPackManifest } from "./model_pack.ts";
import { asPackageError, openPackage, type Package, readManifest } from "./open.ts";
import { toleranceText } from "./tolerances.ts";

export interface VerifyOptions {
  /** Default: native, wasm, micro. */
  readonly runtimes?: readonly RuntimeName[];
}

export interface Check {
  readonly name: string;
  readonly result: "pass" | "fail" | "skip";
  /** One line: what was found. */
  readonly detail: string;
}

export interface VerifyReport {
  readonly reference: string;
  readonly digest: string;
  readonly fileSetDigest: string | null;
  readonly ok: boolean;
  readonly checks: readonly Check[];
  readonly measurements: readonly Measurement[];
}

/**
 * Damage and wrong numbers are results, not errors; a reference that names nothing is an error.
 * @throws IngotError REFERENCE_INVALID, PACKAGE_NOT_FOUND
 */
export async function verifyPackage(
  reference: string,
  store: Store,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const entry = await resolveReference(reference, store);
  const checks: Check[] = [];
  const measurements: Measurement[] = [];
  const found = await verifyBytes(entry, store, checks);
  if (found) {
    await attempt(checks, "description", async () => {
      const { inputs, outputs } = found.description.schema;
      return `${count(inputs.length, "input")}, ${count(outputs.length, "output")}, from ${found.description.source.format}`;
    });
    await attempt(checks, "certificate", async () => certificateMatches(found));
    await attempt(checks, "graph", async () => graphIsWell(found));
    await attempt(checks, "reproducible form", async () => canonicalForm(found, entry, store));
    await runRows(found, options.runtimes ?? ["native", "wasm", "micro"], checks, measurements);
  }
  return {
    reference: `${entry.name}:${entry.version}`,
    digest: entry.digest,
    fileSetDigest: found?.fileSetDigest ?? null,
    ok: checks.every((check) => check.result !== "fail"),
    checks,
    measurements,
  };
}

/** Every blob against its digest, each reported on its own; then the package as a whole. */
async function verifyBytes(entry: PackageEntry, store: Store, checks: Check[]): Promise<Package | null> {
  const where = `${entry.name}:${entry.version}`;
  let files: PackageFile[] = [];
  await attempt(checks, "manifest", async () => {
    const read = await readManifest(entry, store);
    files = read.files;
    await store.verify(read.manifest.config).catch((error) => {
      throw asPackageError(error, where, "its config");
    });
    return `${count(files.length, "file")}, paths safe`;
  });
  for (const file of files)
    await attempt(checks, file.path, async () => {
      await store.verify(file).catch((error) => {
        throw asPackageError(error, where, file.path);
      });
      return `${file.size} bytes, ${file.digest.slice(0, 19)}…`;
    });
  if (checks.some((check) => check.result === "fail")) return null;
  try {
    return await openPackage(`${where}@${entry.digest}`, store);
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    checks.push({ name: "description", result: "fail", detail: error.message });
    return null;
  }
}

function certificateMatches(found: Package): string {
  const { certificate, description, files } = found;
  const digestAt = (path: string | undefined) => files.find((file) => file.path === path)?.digest;
  const claims: [what: string, claimed: string | undefined, is: string | undefined][] = [
    ["graph", certificate.graph, digestAt(description.graph.file)],
    ["examples", certificate.examples?.digest, digestAt(description.examples?.file)],
    ["set of edge rows", certificate.edgeRows?.digest, digestAt(certificate.edgeRows?.file)],
    ["source", certificate.source.digest, description.source.digest],
  ];
  for (const [what, claimed, is] of claims)
    if (claimed !== is)
      throw new IngotError("PACKAGE_INVALID", {
        what: `the certificate is about another ${what}`,
        where: fileNames.certificate,
      });
  return "belongs to this graph, these examples and this source";
}

async function graphIsWell(found: Package): Promise<string> {
  const model = readModel(await found.read(found.description.graph.file), found.description.graph.file);
  const names = (list: readonly { name: string }[]) => list.map((item) => item.name).sort();
  // Steps on the host stand between the two: the graph has what they make.
  const schema = found.description.pipeline?.inner ?? found.description.schema;
  const missing = [
    ...names(schema.inputs).filter((name) => !model.graph.inputs.some((input) => input.name === name)),
    ...names(schema.outputs).filter((name) => !model.graph.outputs.some((output) => output.name === name)),
  ];
  if (missing.length > 0)
    throw new IngotError("PACKAGE_INVALID", {
      what: `the graph has no ${missing.join(", ")}`,
      where: found.description.graph.file,
    });
  return `${count(model.graph.nodes.length, "node")}, inputs and outputs as described`;
}

/** Whether packing these files again gives this digest: nothing of time, user or machine got in. */
async function canonicalForm(found: Package, entry: PackageEntry, store: Store): Promise<string> {
  const config = modelPackConfig(found.description, found.files);
  const again = digest(
    modelPackManifest(found.description, { digest: digest(config), size: config.length }, found.files),
  );
  const manifest = await store.manifest(entry.descriptor);
  if (again !== entry.digest)
    throw new IngotError("PACKAGE_INVALID", {
      what: `the manifest is not the one these files give (${manifest.config.mediaType === configType ? again.slice(0, 19) : "foreign config"}…)`,
      where: found.name,
      fix: "it was packed by another version or tool: its files are as their digests say",
    });
  return "the files give this digest";
}

/** What the package holds rows for, once per runtime. */
async function runRows(
  found: Package,
  runtimes: readonly RuntimeName[],
  checks: Check[],
  measurements: Measurement[],
): Promise<void> {
  const { certificate, description } = found;
  const beyond = (kind: RowSet["kind"]) => (certificate.dialect === "compact" ? { beyond: compactBeyond[kind] } : {});
  const source = description.examples?.file ?? fileNames.examples;
  const sets: RowSet[] = [{ kind: "examples", rows: await found.examples(), source, ...beyond("examples") }];
  for (const runtime of runtimes) {
    try {
      if (certificate.edgeRows && sets.length === 1) {
        const rows = parseEdgeRows(await found.read(certificate.edgeRows.file));
        sets.push({ kind: "edge rows", rows, source: certificate.edgeRows.file, ...beyond("edge rows") });
      }
      const results = await measureAll(
        [runtime],
        await found.graph(),
        description.schema,
        sets,
        certificate.tolerances,
        found.pipeline,
      );
      measurements.push(...results);
      for (const [at, result] of results.entries())
        checks.push({ name: `${result.kind} on ${runtime}`, ...verdict(result, sets[at]!, found) });
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      checks.push({ name: `examples on ${runtime}`, result: "fail", detail: error.message });
    }
  }
}

function verdict(found: Measurement, { rows, kind }: RowSet, { certificate }: Package): Omit<Check, "name"> {
  if (found.result === "outside tolerance") return { result: "fail", detail: found.problem!.message };
  if (found.result === "cannot run") {
    // Packed where it ran: not running here is a failure, not a circumstance.
    const ranBefore = certificate.runtimes[found.runtime] !== "cannot run";
    return { result: ranBefore ? "fail" : "skip", detail: found.problem!.message };
  }
  if (rows.length === 0) return { result: "skip", detail: "the graph loads; the package has no examples" };
  if (found.rows === 0) {
    const why =
      kind === "examples" ? "no outputs are recorded to compare with" : "there is no reference besides the graph";
    return { result: "skip", detail: `${count(rows.length, "row")} run; ${why}` };
  }
  const details = Object.entries(found.differences).map(([output, { unequal, values, maxAbsolute, maxRelative }]) => {
    const tolerance = certificate.tolerances[output];
    const limit = tolerance === undefined ? "" : ` (${toleranceText(tolerance)})`;
    return unequal === 0
      ? `${output} equal`
      : `${output} ${unequal} of ${values} differ, by at most ${maxAbsolute.toPrecision(2)}, ${maxRelative.toPrecision(2)} relative${limit}`;
  });
  return { result: "pass", detail: `${count(found.rows, "row")}: ${details.join("; ")}` };
}

async function attempt(checks: Check[], name: string, check: () => Promise<string> | string): Promise<void> {
  try {
    checks.push({ name, result: "pass", detail: await check() });
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    checks.push({ name, result: "fail", detail: error.message });
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
