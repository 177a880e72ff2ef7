import { IngotError, nearest } from "../../core/index.ts";
import { command, optionalPositional } from "../command.ts";
import { columns } from "../render.ts";

export default command({
  name: "steps",
  about: "List the steps that `preprocess:` and `postprocess:` of ingot.yaml may name, or show one with its options",
  examples: ["ingot steps", "ingot steps impute", "ingot steps compute --json"],
  args: { step: optionalPositional("a step, to see its options") },
  async run({ step: wanted }, io) {
    const { expressionFunctions, stepOptions, steps } = await import("../../pipeline/index.ts");
    if (wanted === undefined) {
      const rows = steps.map(({ name, family, about, reference }) => ({ name, family, about, reference }));
      io.result(rows, () =>
        columns([["STEP", "ON", "WHAT IT DOES"], ...rows.map(({ name, family, about }) => [name, family, about])]),
      );
      return;
    }
    const step = steps.find(({ name }) => name === wanted);
    if (!step) {
      const near = nearest(
        wanted,
        steps.map(({ name }) => name),
      );
      throw new IngotError("USAGE", {
        what: `there is no step \`${wanted}\`${near === undefined ? "" : `, did you mean \`${near}\`?`}`,
        fix: "`ingot steps` lists them",
      });
    }
    const { name, family, about, example, reference } = step;
    const options = stepOptions(step);
    const functions =
      name === "compute"
        ? [...expressionFunctions.values()].map(({ usage, about: does }) => ({ usage, about: does }))
        : null;
    const result = { name, family, about, reference, example, options, ...(functions ? { functions } : {}) };
    io.result(result, () => {
      const rows = options.map((option) => [
        option.name,
        option.type,
        option.isRequired ? "required" : option.default === undefined ? "" : `default ${option.default}`,
        option.about,
      ]);
      const parts = [
        `${name}: ${about}`,
        `numbers as ${reference}`,
        "",
        `  - ${example}`,
        "",
        columns([["OPTION", "TYPE", "", "WHAT IT MEANS"], ...rows]),
      ];
      if (functions)
        parts.push("", columns([["EXPRESSION", "WHAT IT IS"], ...functions.map((each) => [each.usage, each.about])]));
      return parts.join("\n");
    });
  },
});
