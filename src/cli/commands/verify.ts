import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { IngotError } from "../../core/index.ts";
import type { RuntimeName } from "../../runtime/index.ts";
import { command, flag, positional, value } from "../command.ts";
import type { CommandIo } from "../io.ts";
import { runtimeOf } from "../runtime_option.ts";

export default command({
  name: "verify",
  about: "Check a package: every digest, its form, and its recorded outputs on every runtime; exit 1 if anything fails",
  examples: [
    "ingot verify flight-delay",
    "ingot verify flight-delay:1.0.0 --runtime wasm",
    "ingot verify flight-delay --against rows.jsonl --intermediate",
  ],
  args: {
    ref: positional("package; with --against also the folder of a project"),
    runtime: value("native|wasm|micro", "only this runtime; default: all three"),
    against: value("rows.jsonl", "rows recorded by the training code: which step or input differs first?"),
    intermediate: flag("with --against: also show the values between the steps"),
  },
  async run({ ref, runtime, against, intermediate }, io) {
    if (against !== undefined) return compare(ref, against, runtimeOf(runtime), intermediate, io);
    if (intermediate)
      throw new IngotError("USAGE", {
        what: "`--intermediate` goes with `--against`",
        fix: "name the rows: `--against rows.jsonl`",
      });
    const { verifyPackage } = await import("../../package/index.ts");
    const { renderVerified } = await import("../render_package.ts");
    const only = runtimeOf(runtime);
    const report = await verifyPackage(ref, await io.openStore(), only ? { runtimes: [only] } : {});
    io.result(report, () => renderVerified(report));
    if (report.ok) io.note(`next: ingot serve ${ref}`);
    return report.ok ? 0 : 1;
  },
});

/** The skew check: a package, or a project that is packed into a store of its own for it. */
async function compare(
  ref: string,
  against: string,
  runtime: RuntimeName | undefined,
  intermediate: boolean,
  io: CommandIo,
): Promise<number> {
  const { skewCheck, skewOfProject } = await import("../../package/index.ts");
  const { renderSkew } = await import("../render_skew.ts");
  const { Store } = await import("../store.ts");
  const bytes = await readFile(against).catch((cause: NodeJS.ErrnoException) => {
    throw new IngotError("FILE_NOT_FOUND", {
      what: "cannot be read",
      where: against,
      fix: "name a JSON Lines file",
      cause,
    });
  });
  const rows = { bytes, name: path.basename(against) };
  const options = { intermediate, ...(runtime ? { runtime } : {}) };
  const isProject = (await stat(path.join(ref, "ingot.yaml")).catch(() => null))?.isFile() ?? false;
  let report: Awaited<ReturnType<typeof skewCheck>>;
  if (isProject) {
    const scratch = await mkdtemp(path.join(tmpdir(), "ingot-verify-"));
    try {
      report = await skewOfProject(ref, await Store.open(path.join(scratch, "store")), rows, options);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  } else report = await skewCheck(ref, await io.openStore(), rows, options);
  io.result(report, () => renderSkew(report, rows.name));
  return report.ok ? 0 : 1;
}
