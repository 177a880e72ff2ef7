import { command, positional } from "../command.ts";
import { renderDescription } from "../render_model.ts";

export default command({
  name: "inspect",
  about: "Show what a model file is, without executing anything in it",
  examples: ["ingot inspect model.json", "ingot inspect model.txt --json"],
  args: { file: positional("model file") },
  async run({ file }, io) {
    const { describeFile } = await import("../../formats/index.ts");
    const description = await describeFile(file);
    io.result(description, () => renderDescription(description));
  },
});
