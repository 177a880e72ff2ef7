import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  externalFiles,
  loadExternal,
  readModel,
  tensorOf,
  tensorsOf,
  writeExternal,
  writeModel,
} from "../../src/onnx/index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ingot-external-"));
  for (const name of ["external.onnx", "external.data"]) cpSync(`fixtures/onnx/${name}`, join(folder, name));
});
afterEach(() => rmSync(folder, { recursive: true }));

const read = (name = "external.onnx") => readModel(readFileSync(join(folder, name)), name);

async function answer(model: string | Uint8Array): Promise<number[]> {
  const session = await (typeof model === "string" ? InferenceSession.create(model) : InferenceSession.create(model));
  const { y } = await session.run({ x: new OrtTensor("float32", [1, 2, 3, 4], [1, 4]) });
  await session.release();
  return Array.from(y!.data as Float32Array);
}

describe("external data", () => {
  test("loads what the onnx package wrote, and runs the same", async () => {
    expect(externalFiles(read())).toEqual(["external.data"]);
    const loaded = await loadExternal(read(), folder);
    expect(externalFiles(loaded)).toEqual([]);
    expect(Array.from(tensorOf(tensorsOf(loaded)[1]!).data as Float32Array)).toEqual([0, 1, 2, 3]);
    expect(await answer(writeModel(loaded))).toEqual(await answer(join(folder, "external.onnx")));
  });

  test("writes what ONNX Runtime loads: from memory, and from other external files", async () => {
    const expected = await answer(join(folder, "external.onnx"));
    const loaded = await loadExternal(read(), folder);
    expect(await writeExternal(loaded, join(folder, "a.onnx"), { threshold: 0 })).toEqual(["a.onnx", "a.onnx.data"]);
    expect(await answer(join(folder, "a.onnx"))).toEqual(expected);
    await writeExternal(read(), join(folder, "b.onnx"), { folder });
    expect(await answer(join(folder, "b.onnx"))).toEqual(expected);
    expect(readFileSync(join(folder, "b.onnx.data")).equals(readFileSync(join(folder, "a.onnx.data")))).toBe(true);
    expect(statSync(join(folder, "a.onnx.data")).size).toBe(4096 + 16);
    expect(await writeExternal(loaded, join(folder, "c.onnx"), { threshold: 1e9 })).toEqual(["c.onnx"]);
  });

  const located = (location: string) => {
    const model = read();
    for (const { content } of tensorsOf(model)) if (content.kind === "external") content.location = location;
    return model;
  };
  const refusals: [name: string, spoil: () => unknown, code: string, message: RegExp][] = [
    ["parent folder", () => located("../external.data"), "PATH_UNSAFE", /leaves its folder/],
    ["absolute path", () => located("/etc/passwd"), "PATH_UNSAFE", /is absolute/],
    ["missing file", () => located("other.data"), "FILE_NOT_FOUND", /weights are in other.data/],
    ["file too short", () => truncateSync(join(folder, "external.data"), 4100), "FILE_TRUNCATED|ONNX_MALFORMED", /./],
    [
      "other bytes",
      () => writeFileSync(join(folder, "external.data"), new Uint8Array(4112)),
      "ONNX_MALFORMED",
      /checksum of the weights/,
    ],
    [
      "a link",
      () => {
        rmSync(join(folder, "external.data"));
        symlinkSync("/etc/hosts", join(folder, "external.data"));
      },
      "PATH_UNSAFE",
      /is a link/,
    ],
    [
      "a length that is not the shape's",
      () => {
        const model = read();
        for (const { content } of tensorsOf(model)) if (content.kind === "external") content.length = 12n;
        return model;
      },
      "ONNX_MALFORMED",
      /has 12 bytes, its shape/,
    ],
    [
      "a shape beyond the file",
      () => {
        const model = read();
        for (const tensor of tensorsOf(model))
          Object.assign(tensor, { dims: [2 ** 40], content: { ...tensor.content, length: null } });
        return model;
      },
      "FILE_TRUNCATED",
      /beyond byte 4112/,
    ],
  ];
  test.each(refusals)("refuses %s", async (_name, spoil, code, message) => {
    const spoiled = spoil();
    const model = spoiled && typeof spoiled === "object" ? (spoiled as ReturnType<typeof read>) : read();
    const failure = await loadExternal(model, folder).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: expect.stringMatching(code), message: expect.stringMatching(message) });
  });
});
