import { command, positional } from "../command.ts";

export default command({
  name: "show",
  about: "Show what a package is: schema, certificate, metrics, files",
  examples: ["ingot show flight-delay", "ingot show flight-delay:1.0.0 --json"],
  args: { ref: positional("package: name, name:version, either with @sha256:…") },
  async run({ ref }, io) {
    const { openPackage, scanReportOf } = await import("../../package/index.ts");
    const { renderPackage } = await import("../render_package.ts");
    const store = await io.openStore();
    const pkg = await openPackage(ref, store);
    const scan = await scanReportOf(pkg.digest, store);
    const { digest, fileSetDigest, description, certificate, files } = pkg;
    // The report takes the name that a description has for exceptions: neither may hide the other.
    const exceptions = description.scan === undefined ? {} : { scanExceptions: description.scan };
    io.result({ ...description, digest, fileSetDigest, certificate, files, scan, ...exceptions }, () =>
      renderPackage(pkg, scan),
    );
  },
});
