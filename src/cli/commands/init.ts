import path from "node:path";
import { command, flag, positional, value } from "../command.ts";

export default command({
  name: "init",
  about: "Write an ingot.yaml for a model file, inferred from what the model says",
  examples: [
    "ingot init model.json",
    "ingot init models/churn.txt --name churn",
    "ingot init vit-base/     (a Hugging Face folder)",
  ],
  args: {
    model: positional("model file, or a Hugging Face folder with an ONNX graph"),
    name: value("name", "package name; default: from the file's name"),
    print: flag("print it instead of writing it"),
  },
  async run({ model, name, print }, io) {
    const { initProject } = await import("../../package/index.ts");
    const result = await initProject(model, { ...(name === undefined ? {} : { name }), dryRun: print });
    io.result({ file: result.file, yaml: result.yaml, model: result.description }, () => {
      if (print) return result.yaml.trimEnd();
      const folder = path.relative(io.cwd, path.dirname(result.file)) || ".";
      return `wrote ${path.relative(io.cwd, result.file)}\nnext: look it over, then \`ingot pack${folder === "." ? "" : ` ${folder}`}\``;
    });
  },
});
