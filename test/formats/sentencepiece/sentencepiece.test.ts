// SentencePiece tokenizers that the library trained: described, scanned, and told from other protobuf.
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { describeFile } from "../../../src/formats/index.ts";
import { scanBytes } from "../../../src/scan/index.ts";

const folder = path.join(import.meta.dirname, "../../../fixtures/sentencepiece");

test.each(["unigram", "bpe"])("%s", async (algorithm) => {
  const file = path.join(folder, `${algorithm}.model`);
  const { format, summary, facts } = await describeFile(file);
  expect(format).toBe("sentencepiece");
  expect(summary).toMatch(new RegExp(`^${algorithm} tokenizer, \\d+ pieces$`));
  expect(facts).toEqual(
    expect.arrayContaining([
      ["normalizer", "identity"],
      ["byte pieces", 256],
      ["user-defined pieces", 1],
    ]),
  );
  expect(await scanBytes(readFileSync(file), "tokenizer.model")).toMatchObject({ verdict: "clean", findings: [] });
});

const model = readFileSync(path.join(folder, "bpe.model"));
const others: [name: string, bytes: Uint8Array][] = [
  ["a field that the definition does not have", Buffer.concat([model, Buffer.from([0xfa, 0x0c, 2, 77, 90])])],
  ["a cut end", model.subarray(0, -2)],
  ["text that is no UTF-8", Buffer.concat([model, Buffer.from([0x0a, 3, 0x0a, 1, 0xff])])],
];
test.each(others)("%s is not clean", async (_name, bytes) => {
  expect((await scanBytes(bytes, "tokenizer.model")).verdict).not.toBe("clean");
});

test("pieces without a score, as writers before 0.1 left zero out", async () => {
  const piece = (text: string, kind: number) => {
    const content = Buffer.concat([Buffer.from([0x0a, text.length]), Buffer.from(text), Buffer.from([0x18, kind])]);
    return Buffer.concat([Buffer.from([0x0a, content.length]), content]);
  };
  const bytes = Buffer.concat([piece("<unk>", 2), piece("<s>", 3), piece("a", 1)]);
  const { verdict, files } = await scanBytes(bytes, "tokenizer.model");
  expect(verdict).toBe("clean");
  expect(files[0]!.readers).toEqual(["sentencepiece"]);
});
