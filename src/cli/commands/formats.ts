import { command, flag } from "../command.ts";
import type { CommandIo } from "../io.ts";
import { columns } from "../render.ts";

export default command({
  name: "formats",
  about: "List the model formats that Ingot reads and what it can do with each",
  examples: ["ingot formats", "ingot formats --estimators"],
  args: { estimators: flag("list the classes of scikit-learn that can be converted instead") },
  async run({ estimators }, io) {
    if (estimators) return listEstimators(io);
    const { formats, treeFormats } = await import("../../formats/index.ts");
    const { converters } = await import("../../convert/index.ts");
    const convertible = new Set(converters.flatMap((converter) => converter.formats));
    const rows = [...formats, ...treeFormats].map(({ id, title }) => ({ id, title, converts: convertible.has(id) }));
    io.result(rows, () =>
      columns([
        ["FORMAT", "CONVERTS", "WHAT IT IS"],
        ...rows.map((row) => [row.id, row.converts ? "yes" : "no", row.title]),
      ]),
    );
  },
});

/** One row per class, with every name under which a release has stored it. */
async function listEstimators(io: CommandIo): Promise<void> {
  const { estimators } = await import("../../convert/index.ts");
  const stored = Map.groupBy(
    estimators.flatMap(({ classes }) => classes),
    (name) => name.split(".").at(-1)!,
  );
  const rows = [...stored]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, names]) => ({ class: name, stored: names }));
  io.result(rows, () => columns([["CLASS", "STORED AS"], ...rows.map((row) => [row.class, row.stored.join(", ")])]));
}
