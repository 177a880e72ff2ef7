import { lstatSync } from "node:fs";
import path from "node:path";
import { IngotError } from "../../core/index.ts";
import type { ScanReport, Severity } from "../../scan/index.ts";
import { command, flag, positional, rest, value } from "../command.ts";
import type { CommandIo } from "../io.ts";
import { version } from "../version.ts";

export default command({
  name: "scan",
  about: "Tell whether a file, folder, archive or package is safe to keep, without executing anything in it",
  examples: [
    "ingot scan model.pkl",
    "ingot scan downloads/bert --fail-on medium",
    "ingot scan a.pkl b.zip models/",
    "ingot scan model.pt --sarif > scan.sarif",
    "cat model.bin | ingot scan -",
  ],
  args: {
    target: positional("file, folder, package, or - for standard input"),
    more: rest("further ones; the verdict is that of the worst"),
    failOn: value("severity", "exit 1 from this severity on: critical, high (default), medium, low"),
    sarif: flag("print SARIF 2.1.0"),
  },
  async run({ target, more, failOn, sarif }, io) {
    const { fails, sarifOf, severities, together } = await import("../../scan/index.ts");
    const limit = severities.find((severity) => severity === (failOn ?? "high")) ?? unknownSeverity(failOn, severities);
    const reports: [ScanReport, ...ScanReport[]] = [await scanOne(target, io)];
    // The same one twice would be told twice.
    for (const other of new Set(more)) if (other !== target) reports.push(await scanOne(other, io));
    const report = together(reports);
    if (sarif) await io.line(`${JSON.stringify(sarifOf(report, version), null, 2)}\n`);
    else {
      const { renderScan } = await import("../render_scan.ts");
      io.result(report, () => renderScan(report));
    }
    return fails(report, limit) ? 1 : 0;
  },
});

async function scanOne(target: string, io: CommandIo): Promise<ScanReport> {
  const { scanPath, scanStream } = await import("../../scan/index.ts");
  if (target === "-") return scanStream(process.stdin as AsyncIterable<Uint8Array>, "standard input");
  const place = path.resolve(io.cwd, target);
  // A link that leads nowhere is there too.
  return lstatSync(place, { throwIfNoEntry: false }) ? scanPath(place, target) : scanStored(target, io);
}

async function scanStored(reference: string, io: CommandIo): Promise<ScanReport> {
  const { parseReference, scanPackage } = await import("../../package/index.ts");
  try {
    parseReference(reference);
  } catch (cause) {
    // Not the name of a package either: it was meant to be a path.
    throw new IngotError("FILE_NOT_FOUND", {
      what: "there is no such file or folder",
      where: reference,
      fix: "check the path",
      cause,
    });
  }
  try {
    return await scanPackage(reference, await io.openStore());
  } catch (cause) {
    if (!(cause instanceof IngotError) || cause.code !== "PACKAGE_NOT_FOUND") throw cause;
    throw new IngotError("PACKAGE_NOT_FOUND", {
      what: "there is no file or folder of this name, and no package in the store",
      where: reference,
      fix: "check the path, or see `ingot ls`",
      cause,
    });
  }
}

function unknownSeverity(text: string | undefined, known: readonly Severity[]): never {
  throw new IngotError("USAGE", {
    what: `there is no severity \`${text}\``,
    where: "--fail-on",
    fix: `one of ${known.join(", ")}`,
  });
}
