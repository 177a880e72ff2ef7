import { command } from "../command.ts";
import { columns } from "../render.ts";

export default command({
  name: "rules",
  about: "List the rules of `ingot scan`",
  examples: ["ingot rules", "ingot rules --json"],
  args: {},
  async run(_args, io) {
    const { rules } = await import("../../scan/index.ts");
    const rows = rules.map(({ judge: _judge, ...rule }) => rule);
    io.result(rows, () =>
      columns([["SEVERITY", "RULE", "WHAT IT FINDS"], ...rows.map((rule) => [rule.severity, rule.id, rule.title])]),
    );
  },
});
