import { expect, test } from "vitest";
import { parseArguments } from "../../src/cli/arguments.ts";
import { command, flag, optionalPositional, positional, rest, value } from "../../src/cli/command.ts";
import { commandHelp } from "../../src/cli/help.ts";

const sample = command({
  name: "sample",
  about: "Do a thing",
  examples: ["ingot sample a --port 1"],
  args: {
    ref: positional("package"),
    target: optionalPositional("where to"),
    port: value("number", "port to listen on", "p"),
    dryRun: flag("change nothing"),
  },
  async run() {},
});
const many = command({ name: "many", about: "", examples: [], args: { files: rest("files") }, async run() {} });

test("words become typed values", () => {
  expect(parseArguments(sample, ["a:1", "b", "--port", "80", "--dry-run", "--json"])).toEqual({
    values: { ref: "a:1", target: "b", port: "80", dryRun: true },
    json: true,
    quiet: false,
    help: false,
  });
  expect(parseArguments(sample, ["a", "-p", "1", "-q"]).values["port"]).toBe("1");
  expect(parseArguments(sample, ["a", "--port=9"]).values["port"]).toBe("9");
  expect(parseArguments(many, ["x", "y"]).values["files"]).toEqual(["x", "y"]);
  expect(parseArguments(sample, ["--", "--odd-name"]).values["ref"]).toBe("--odd-name");
});

const refused: [name: string, words: string[], message: RegExp][] = [
  ["missing positional", [], /<ref> is missing: package/],
  ["one word too many", ["a", "b", "c"], /unexpected `c`/],
  ["empty word", [""], /an argument is empty/],
  ["unknown option, near one", ["a", "--prot", "1"], /unknown option `--prot`, did you mean `--port`\?/],
  ["unknown option, near none", ["a", "--zzzzzz"], /unknown option `--zzzzzz`$/],
  ["value missing", ["a", "--port"], /`--port` needs a value: `--port <number>`/],
  ["flag with a value", ["a", "--dry-run=yes"], /`--dry-run` takes no value/],
];
test.each(refused)("%s", (_name, words, message) => {
  expect(() => parseArguments(sample, words)).toThrow(message);
});

test("help shows every argument and an example, and needs no positional", () => {
  expect(parseArguments(sample, ["--help"]).help).toBe(true);
  const text = commandHelp(sample);
  for (const part of [
    "<ref> [target] [options]",
    "-p, --port <number>",
    "--dry-run",
    "--json",
    "ingot sample a --port 1",
  ])
    expect(text).toContain(part);
});
