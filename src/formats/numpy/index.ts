// numpy: arrays of .npy files; .npz files are folders of them.

import { bytesFollow, IngotError, type Soon, soon } from "../../core/index.ts";
import type { FileSource, Format, ModelDescription } from "../format.ts";
import { readPickle } from "../pickle/machine.ts";
import { walkPickle } from "../pickle/walk.ts";
import { dtypeText } from "../python/ndarray.ts";
import type { OpenFile } from "../source.ts";
import type { Survey } from "../survey.ts";
import type { Tree, TreeFormat } from "../tree.ts";
import { isNpy, type NpyHeader, npyHeaderEnd, readNpyHeader } from "./header.ts";
import { npyDataSize, truncated } from "./npy.ts";

export type { NpyHeader } from "./header.ts";
export { readNpy } from "./npy.ts";

/** Arrays by name, without their elements. */
export interface NumpyFile {
  readonly format: "npy" | "npz";
  readonly arrays: readonly {
    readonly name: string;
    readonly header: NpyHeader;
    readonly globals: readonly string[];
  }[];
}

export const npy: Format<NumpyFile> = {
  id: "npy",
  title: "NumPy array",
  firstBytes: "\x93",
  detect: isNpy,
  async read(file) {
    return { format: "npy", arrays: [await describedArray(file, file.name)] };
  },
  describe: describeArrays,
  survey: surveyNpy,
};

export const npz: TreeFormat<NumpyFile> = {
  id: "npz",
  title: "NumPy arrays (.npz)",
  detect: (tree) =>
    tree.container === "zip" &&
    tree.entries.length > 0 &&
    tree.entries.every((entry) => entry.kind === "file" && entry.path.endsWith(".npy")),
  async read(tree: Tree) {
    const arrays: NumpyFile["arrays"][number][] = [];
    for (const { path } of tree.entries) {
      await using file = await tree.open(path);
      arrays.push(await describedArray(file, path.slice(0, -".npy".length)));
    }
    return { format: "npz", arrays };
  },
  describe: describeArrays,
};

function headerOf(file: FileSource): Soon<NpyHeader> {
  return soon(file.read(0, 12), (head) =>
    soon(file.read(0, npyHeaderEnd(head, file.name)), (bytes) => readNpyHeader(bytes, file.name)),
  );
}

async function describedArray(file: FileSource, name: string): Promise<NumpyFile["arrays"][number]> {
  const header = await headerOf(file);
  if (header.objects) {
    const { globals } = readPickle(await file.readAll(), file.name, { start: header.end });
    return { name, header, globals: globals.map((global) => global.path) };
  }
  const size = npyDataSize(header, file.name);
  if (size > file.size - header.end) throw truncated(size, file.size - header.end, file.name);
  return { name, header, globals: [] };
}

function describeArrays({ format, arrays }: NumpyFile): ModelDescription {
  const count = arrays.length === 1 ? "1 array" : `${arrays.length} arrays`;
  const text = ({ dtype, shape, fortran }: NpyHeader) =>
    `${dtypeText(dtype)} (${shape.join(", ")})${fortran && shape.length > 1 ? ", Fortran order" : ""}`;
  return {
    format,
    producer: { name: "NumPy" },
    task: "unknown",
    summary: arrays.length === 1 ? `${count}: ${text(arrays[0]!.header)}` : count,
    inputs: [],
    outputs: [],
    facts: arrays
      .slice(0, 1000)
      .map(({ name, header, globals }) => [
        name,
        globals.length > 0 ? `${text(header)}; imports ${globals.join(", ")}` : text(header),
      ]),
  };
}

async function surveyNpy(file: OpenFile, survey: Survey): Promise<void> {
  try {
    const found = headerOf(file);
    const header = found instanceof Promise ? await found : found;
    survey.covered(0, header.end);
    if (header.objects) {
      const walking = walkPickle(file, survey, { start: header.end });
      trailing((walking instanceof Promise ? await walking : walking).end);
      return;
    }
    const end = header.end + npyDataSize(header, file.name);
    survey.covered(header.end, Math.min(end, file.size));
    if (end > file.size)
      survey.observe({
        kind: "anomaly",
        subject: "truncated",
        detail: `${end - file.size} bytes of the array are missing`,
      });
    else trailing(end);
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    survey.observe({ kind: "anomaly", subject: "numpy", detail: error.what });
  }

  function trailing(end: number): void {
    if (end >= file.size) return;
    const detail = `${bytesFollow(file.size - end)} the array`;
    survey.observe({ kind: "anomaly", subject: "trailing-data", detail, at: end });
  }
}
