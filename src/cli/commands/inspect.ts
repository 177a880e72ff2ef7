import path from "node:path";
import { command, positional } from "../command.ts";
import { renderDescription } from "../render_model.ts";

export default command({
  name: "inspect",
  about: "Show what a model is and what Ingot can do with it, without executing anything in it",
  examples: ["ingot inspect model.json", "ingot inspect saved_model/", "ingot inspect model.txt --json"],
  args: { file: positional("model file, archive or folder") },
  async run({ file }, io) {
    const [{ readModelAt }, { inspectModel }] = await Promise.all([
      import("../../formats/index.ts"),
      import("../../convert/index.ts"),
    ]);
    const { description, use } = inspectModel(await readModelAt(path.resolve(io.cwd, file), file));
    io.result({ ...description, use }, () => renderDescription(description, use));
  },
});
