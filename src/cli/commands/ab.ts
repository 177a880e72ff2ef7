import { writeFile } from "node:fs/promises";
import path from "node:path";
import { IngotError } from "../../core/index.ts";
import { command, flag, positional, value } from "../command.ts";

export default command({
  name: "ab",
  about: "Compare variants by what became of their predictions: `ingot ab report`",
  examples: [
    "ingot ab report --log predictions",
    "ingot ab report --log predictions --outcome revenue --svg effect.svg",
  ],
  args: {
    action: positional("report"),
    log: value("folder", "of `predictions:` in deployment.yaml"),
    model: value("name", "where the log has several"),
    outcome: value("name", "where the log has several"),
    baseline: value("variant", "what the others are compared with; default: the one with the most outcomes"),
    confidence: value("share", "default 0.95"),
    lowerIsBetter: flag("such as for errors and costs"),
    missingAsZero: flag("requests without an outcome count as 0: conversions"),
    svg: value("file", "writes the picture"),
  },
  async run({ action, log, model, outcome, baseline, confidence, lowerIsBetter, missingAsZero, svg }, io) {
    const usage = (what: string) => new IngotError("USAGE", { what, where: "ingot ab", fix: "see `ingot ab --help`" });
    if (action !== "report") throw usage(`there is no \`ingot ab ${action}\``);
    if (log === undefined) throw usage("`--log` is missing");
    const share = Number(confidence ?? 0.95);
    if (!(share > 0.5 && share < 1)) throw usage(`\`${confidence}\` is no confidence between 0.5 and 1`);
    const [{ abReport, abSvg, readExperiment }, { renderAb }] = await Promise.all([
      import("../../serve/index.ts"),
      import("../render_ab.ts"),
    ]);
    const experiment = await readExperiment(path.resolve(io.cwd, log), { model, outcome, missingAsZero });
    if (baseline !== undefined && !experiment.requests.has(baseline))
      throw usage(`the log has no variant \`${baseline}\`: there is ${[...experiment.requests.keys()].join(", ")}`);
    const report = abReport(experiment, { baseline, confidence: share, lowerIsBetter });
    if (svg !== undefined) await writeFile(path.resolve(io.cwd, svg), abSvg(report));
    io.result(report, () => renderAb(report));
  },
});
