import { command } from "../command.ts";
import { columns, shortDigest, size } from "../render.ts";

export default command({
  name: "ls",
  about: "List the packages in the store",
  examples: ["ingot ls", "ingot ls --json"],
  args: {},
  async run(_args, io) {
    const { listPackages } = await import("../../package/index.ts");
    const packages = await listPackages(await io.openStore());
    io.result(packages, () => {
      if (packages.length === 0) return "the store is empty: `ingot pack <folder>` adds a package";
      return columns([
        ["PACKAGE", "VERSION", "DIGEST", "SIZE", "DESCRIPTION"],
        ...packages.map((entry) => [
          entry.name,
          entry.version,
          shortDigest(entry.digest),
          entry.size === null ? "damaged" : size(entry.size),
          entry.description ?? "",
        ]),
      ]);
    });
  },
});
