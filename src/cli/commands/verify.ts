import { command, positional, value } from "../command.ts";
import { runtimeOf } from "../runtime_option.ts";

export default command({
  name: "verify",
  about: "Check a package: every digest, its form, and its recorded outputs on every runtime; exit 1 if anything fails",
  examples: ["ingot verify flight-delay", "ingot verify flight-delay:1.0.0 --runtime wasm"],
  args: {
    ref: positional("package"),
    runtime: value("native|wasm|micro", "only this runtime; default: all three"),
  },
  async run({ ref, runtime }, io) {
    const { verifyPackage } = await import("../../package/index.ts");
    const { renderVerified } = await import("../render_package.ts");
    const only = runtimeOf(runtime);
    const report = await verifyPackage(ref, await io.openStore(), only ? { runtimes: [only] } : {});
    io.result(report, () => renderVerified(report));
    if (report.ok) io.note(`next: ingot serve ${ref}`);
    return report.ok ? 0 : 1;
  },
});
