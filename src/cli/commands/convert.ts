import { writeFile } from "node:fs/promises";
import path from "node:path";
import { IngotError } from "../../core/index.ts";
import { command, positional, value } from "../command.ts";
import { columns, size } from "../render.ts";

export default command({
  name: "convert",
  about: "Convert a model file to an ONNX graph",
  examples: ["ingot convert model.json -o model.onnx", "ingot convert model.ubj -o model.onnx --rounds 50"],
  args: {
    file: positional("model file"),
    output: value("file", "where the graph goes; default: the model's name with .onnx", "o"),
    rounds: value("number", "use only the first boosting rounds"),
  },
  async run({ file, output, rounds }, io) {
    const [{ openFile, detectFormat }, { convertModel }, { writeModel }, { toleranceText }] = await Promise.all([
      import("../../formats/index.ts"),
      import("../../convert/index.ts"),
      import("../../onnx/index.ts"),
      import("../../package/index.ts"),
    ]);
    if (rounds !== undefined && !/^[1-9]\d*$/.test(rounds))
      throw new IngotError("USAGE", {
        what: `\`${rounds}\` is no number of rounds`,
        where: "--rounds",
        fix: "a whole number from 1",
      });
    await using source = await openFile(file);
    const format = await detectFormat(source);
    const read = await format.read(source);
    const converted = convertModel(format, read, rounds === undefined ? {} : { rounds: Number(rounds) });
    const target = output ?? `${path.basename(file).replace(/\.[^.]+$/, "")}.onnx`;
    const bytes = writeModel(converted.model);
    await writeNew(target, bytes, file);
    const { schema, promises, notes } = converted;
    io.result({ file: target, size: bytes.length, schema, promises, notes }, () =>
      columns([
        [target, size(bytes.length)],
        ...schema.outputs.map((spec) => [
          `output ${spec.name}`,
          promises[spec.name] ? toleranceText(promises[spec.name]!) : "as the graph computes it",
        ]),
        ...notes.map((note) => ["note", note]),
      ]),
    );
  },
});

async function writeNew(target: string, bytes: Uint8Array, model: string): Promise<void> {
  if (path.resolve(target) === path.resolve(model))
    throw new IngotError("USAGE", {
      what: "the graph would replace the model",
      where: target,
      fix: "name another file with -o",
    });
  await writeFile(target, bytes).catch((cause: NodeJS.ErrnoException) => {
    throw new IngotError(cause.code === "ENOSPC" ? "DISK_FULL" : "FILE_UNREADABLE", {
      what: `cannot be written (${cause.code})`,
      where: target,
      fix: "name another file with -o",
      cause,
    });
  });
}
