import { command, positional } from "../command.ts";
import { size } from "../render.ts";

export default command({
  name: "rm",
  about: "Remove a package from the store, and the files that nothing else uses",
  examples: ["ingot rm flight-delay:1.0.0"],
  args: { ref: positional("package; with its version when there are several") },
  async run({ ref }, io) {
    const { removePackage } = await import("../../package/index.ts");
    const { removed, freedBytes } = await removePackage(ref, await io.openStore());
    const { name, version, digest } = removed;
    io.result(
      { removed: { name, version, digest }, freedBytes },
      () => `removed ${name}:${version}, freed ${size(freedBytes)}`,
    );
  },
});
