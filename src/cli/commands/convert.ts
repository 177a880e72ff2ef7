import { writeFile } from "node:fs/promises";
import path from "node:path";
import { IngotError } from "../../core/index.ts";
import type { certifyConversion } from "../../package/index.ts";
import { command, flag, positional, value } from "../command.ts";
import { columns, size } from "../render.ts";

export default command({
  name: "convert",
  about: "Convert a model file to an ONNX graph, and write beside it how exact the graph is",
  examples: [
    "ingot convert model.json -o model.onnx   # and model.certificate.json",
    "ingot convert model.ubj -o model.onnx --rounds 50",
    "ingot convert model.pkl -o model.onnx --dialect compact",
  ],
  args: {
    file: positional("model file"),
    output: value("file", "where the graph goes; default: the model's name with .onnx", "o"),
    rounds: value("number", "use only the first boosting rounds"),
    dialect: value("exact|compact", "compact: in float32, for small devices; default exact: the library's own numbers"),
    "no-certificate": flag("only convert: run nothing"),
  },
  async run({ file, output, rounds, dialect, "no-certificate": isBare }, io) {
    if (rounds !== undefined && !/^[1-9]\d*$/.test(rounds))
      throw new IngotError("USAGE", {
        what: `\`${rounds}\` is no number of rounds`,
        where: "--rounds",
        fix: "a whole number from 1",
      });
    if (dialect !== undefined && dialect !== "exact" && dialect !== "compact")
      throw new IngotError("USAGE", {
        what: `\`${dialect}\` is no dialect`,
        where: "--dialect",
        fix: "exact or compact",
      });
    const { convertModel, detectFormat, openFile, toleranceText, writeModel } = await import("../conversion.ts");
    await using source = await openFile(file);
    const format = await detectFormat(source);
    const read = await format.read(source);
    const converted = convertModel(format, read, {
      ...(rounds === undefined ? {} : { rounds: Number(rounds) }),
      ...(dialect === undefined ? {} : { dialect }),
    });
    const target = output ?? `${path.basename(file).replace(/\.[^.]+$/, "")}.onnx`;
    const bytes = writeModel(converted.model);
    const about = isBare ? null : await certified(converted, bytes, { format: format.id, source });
    const beside = target.replace(/(\.onnx)?$/, ".certificate.json");
    await writeNew(target, bytes, file);
    if (about) await writeNew(beside, about.bytes, file);
    const { schema, promises, notes } = converted;
    const certificate = about ? { file: beside, summary: about.certificate.summary } : null;
    io.result({ file: target, size: bytes.length, schema, promises, notes, certificate }, () =>
      columns([
        [target, size(bytes.length)],
        ...schema.outputs.map((spec) => [
          `output ${spec.name}`,
          promises[spec.name] ? toleranceText(promises[spec.name]!) : "as the graph computes it",
        ]),
        ...notes.map((note) => ["note", note]),
        ...(certificate === null
          ? isBare
            ? []
            : [["certificate", "none: `ingot pack` certifies graphs as large as this one"]]
          : [[beside, certificate.summary[0]!], ...certificate.summary.slice(1).map((line) => ["", line])]),
      ]),
    );
  },
});

/** What certifies runs graphs and knows packages: loaded when it is asked for. */
const certified: typeof certifyConversion = async (...work) =>
  (await import("../certification.ts")).certifyConversion(...work);

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
