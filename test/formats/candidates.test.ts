// Formats that name the first bytes of their files: they must never recognise a file that begins otherwise.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { candidatesFor, detectFormat, formats, memoryFile } from "../../src/formats/index.ts";

const corpus = path.join(import.meta.dirname, "../../fuzz/corpus");
const heads = readdirSync(corpus, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => readFileSync(path.join(entry.parentPath, entry.name)).subarray(0, 65_536));

test("asking fewer formats finds the same ones, whatever byte comes first", () => {
  fc.assert(
    fc.property(fc.constantFrom(...heads), fc.option(fc.nat(255)), (head, first) => {
      const bytes = Uint8Array.from(head);
      if (first !== null) bytes[0] = first;
      const recognised = (format: (typeof formats)[number]) => format.detect(bytes, bytes.length);
      expect(candidatesFor(bytes).filter(recognised)).toEqual(formats.filter(recognised));
    }),
    { numRuns: 400 },
  );
});
test.each([
  ["a pointer of Git LFS", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n", /git lfs pull/],
  [
    "a page instead of a download",
    "<!DOCTYPE html>\n<html><title>404 Not Found</title></html>\n",
    /address of the download/,
  ],
  ["nothing", "", /copy or download it again/],
  ["something else", "hello", /ingot formats/],
])("%s is told as what it is", async (_name, text, fix) => {
  const file = memoryFile(Buffer.from(text), "model.onnx");
  await expect(detectFormat(file)).rejects.toMatchObject({ code: "FORMAT_UNKNOWN", fix: expect.stringMatching(fix) });
});
