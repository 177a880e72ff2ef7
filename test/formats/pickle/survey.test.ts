// What the scanner is told of pickles, in whatever windows the file is read.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { memoryFile, type Observation, readPickle, surveyPickles } from "../../../src/formats/index.ts";

async function survey(bytes: Uint8Array, window?: number) {
  const observations: Observation[] = [];
  let covered = 0;
  const walked = await surveyPickles(
    memoryFile(bytes, "x.pkl"),
    {
      covered: (start, end) => {
        covered += end - start;
      },
      observe: (observation) => observations.push(observation),
      nested: async () => undefined,
    },
    window === undefined ? {} : { window },
  );
  return { walked, covered, observations };
}

/** `call os.system("id",)`, `anomaly pickle …`. */
function line(observation: Observation): string {
  if (observation.kind === "global") {
    const { use, module, name, args } = observation;
    return `${use} ${module}.${name}${args ?? ""}`;
  }
  if (observation.kind === "anomaly") return `anomaly ${observation.subject}: ${observation.detail}`;
  return observation.kind;
}

const folder = "fixtures/pickle";
test.each(readdirSync(folder).filter((name) => name.endsWith(".pkl")))("%s is walked as it is read", async (name) => {
  const bytes = readFileSync(`${folder}/${name}`);
  const read = readPickle(bytes, name);
  const { walked, covered, observations } = await survey(bytes);
  expect(walked).toMatchObject({ complete: true, end: read.end, protocol: read.protocol });
  expect(covered).toBe(bytes.length);
  expect(walked.globals).toEqual(read.globals);
  expect(observations.filter(({ kind }) => kind !== "global")).toEqual([]);
  for (const window of [64, 700]) expect((await survey(bytes, window)).observations).toEqual(observations);
});

const call = `cos\nsystem\n(S'id'\ntR`;
const told = ["import os.system", 'call os.system("id",)'];
const inBytes = (inner: string) => `\x80\x03B${String.fromCharCode(inner.length)}\0\0\0${inner}.`;

const rows: [name: string, bytes: string, lines: string[]][] = [
  ["a call", `${call}.`, told],
  ["INST", "(S'id'\nios\nsystem\n.", told],
  ["OBJ, then thrown away", "(cos\nsystem\nS'id'\no0N.", told],
  ["NEWOBJ_EX", "\x80\x04cos\nsystem\n(\x8c\x02idt}\x92.", told],
  ["a dotted name", "\x80\x04\x8c\x02os\x8c\x0bpath.system\x93.", ["import os.path.system"]],
  ["a name of Python 2", "c__builtin__\neval\n.", ["import builtins.eval"]],
  ["a broken tail", `${call}\xff`, [...told, "anomaly pickle: broken after 1 call: unknown opcode 0xff", "unread"]],
  ["no STOP", call, [...told, "anomaly truncated: broken after 1 call: it ends without STOP", "unread"]],
  ["a pickle inside bytes", inBytes(`${call}.`), told],
  ["a pickle inside a pickle inside bytes", inBytes(inBytes(`${call}.`)), told],
  ["another pickle behind it", `N.${call}.`, ["anomaly trailing-data: another pickle follows the first", ...told]],
  ["rubbish behind it", "N.rubbish", ["anomaly trailing-data: 7 bytes follow the pickle"]],
  ["rubbish on the stack", `NN${call}.`, told],
  [
    "an extension",
    "\x80\x02\x82\x01.",
    ["anomaly pickle: a name out of the copyreg extension registry: what it is cannot be known"],
  ],
  ["a persistent id", "Pabc\n.", ["anomaly pickle: an object that only the program behind it can find"]],
  ["a second PROTO", "\x80\x02N\x80\x03.", ["anomaly duplicate: PROTO in the middle of the stream"]],
  [
    "a frame that ends inside an argument",
    "\x80\x04\x95\x05\0\0\0\0\0\0\0\x8c\x09os system0N.",
    ["anomaly pickle: an argument reaches beyond its frame"],
  ],
  [
    "a computed name",
    "\x80\x04ca\nb\n)R\x8c\x06system\x93.",
    ["import a.b", "call a.b()", "anomaly pickle: the name of an import is computed by a call", "import ?.system"],
  ],
  [
    "BUILD of a class",
    "cos\nx\n}b.",
    ["import os.x", "build os.x", "anomaly pickle: attributes are set on a class or module itself"],
  ],
  [
    "a call of a result",
    "cbuiltins\ngetattr\n)R(S'id'\ntR.",
    ["import builtins.getattr", "call builtins.getattr()", 'call builtins.getattr(…)("id",)'],
  ],
];
test.each(rows)("%s is told", async (_name, text, lines) => {
  const bytes = Buffer.from(text, "latin1");
  expect((await survey(bytes)).observations.map(line)).toEqual(lines);
  expect((await survey(bytes, 40)).observations.map(line)).toEqual(lines);
});

test("code is told", async () => {
  const { observations } = await survey(Buffer.from("ctypes\nCodeType\n)R."));
  expect(observations.map(({ kind }) => kind)).toContain("code");
});

test("a payload that is longer than the file is no reason to read or allocate", async () => {
  const { walked, observations } = await survey(Buffer.from("\x8e\xff\xff\xff\xff\xff\xff\x0f\x00abc.", "latin1"));
  expect(walked.complete).toBe(false);
  expect(observations.map(({ kind }) => kind)).toEqual(["anomaly", "unread"]);
});
