import path from "node:path";
import { command, flag, optionalPositional } from "../command.ts";

export default command({
  name: "pack",
  about: "Turn a project (a folder with ingot.yaml) into a package in the store",
  examples: ["ingot pack", "ingot pack demo", "ingot pack --check   # would the digest be the same?"],
  args: {
    folder: optionalPositional("project folder; default: this one"),
    force: flag("replace a package of the same name and version"),
    check: flag("write nothing; exit 1 when the store holds another digest, or none"),
  },
  async run({ folder, force, check }, io) {
    const { pack } = await import("../../package/index.ts");
    const { renderPacked } = await import("../render_package.ts");
    const result = await pack(path.resolve(io.cwd, folder ?? "."), await io.openStore(), { force, check });
    io.result(result, () => renderPacked(result));
    if (check) return result.compared === "same" ? 0 : 1;
    io.note(`next: ingot predict ${result.name} '{…}'  or  ingot serve ${result.name}`);
    return 0;
  },
});
