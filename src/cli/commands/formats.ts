import { command } from "../command.ts";
import { columns } from "../render.ts";

export default command({
  name: "formats",
  about: "List the model formats that Ingot reads and what it can do with each",
  examples: ["ingot formats"],
  args: {},
  async run(_args, io) {
    const { formats } = await import("../../formats/index.ts");
    const { converters } = await import("../../convert/index.ts");
    const convertible = new Set(converters.flatMap((converter) => converter.formats));
    const rows = formats.map(({ id, title }) => ({ id, title, converts: convertible.has(id) }));
    io.result(rows, () =>
      columns([
        ["FORMAT", "CONVERTS", "WHAT IT IS"],
        ...rows.map((row) => [row.id, row.converts ? "yes" : "no", row.title]),
      ]),
    );
  },
});
