// gguf: models for llama.cpp. The header is read, the bytes of tensors are skipped.
import { IngotError } from "../../core/index.ts";
import type { FileSource, Format } from "../format.ts";
import type { Survey } from "../survey.ts";
import { describeGguf } from "./describe.ts";
import { type GgufHeader, readGgufHeader } from "./header.ts";
import { type GgufLayout, layoutOf } from "./layout.ts";

export interface GgufModel {
  readonly header: GgufHeader;
  readonly layout: GgufLayout;
}

/** The largest vocabularies take some 30 MiB. */
const largestHeader = 256 << 20;
/** Padding between tensors is looked at up to this size; it is smaller than any sensible alignment. */
const largestPadding = 1 << 20;

export const gguf: Format<GgufModel> = {
  id: "gguf",
  title: "GGUF",
  firstBytes: "G",
  detect: (head) => Buffer.from(head.subarray(0, 4)).toString("latin1") === "GGUF",
  async read(file) {
    const header = await readHeader(file);
    const layout = layoutOf(header, file.size);
    const problem = layout.problems[0];
    if (problem)
      throw new IngotError(problem.subject === "truncated" ? "FILE_TRUNCATED" : "FILE_MALFORMED", {
        what: problem.detail,
        where: file.name,
        fix: "do not load it; download or convert the model again",
      });
    return { header, layout };
  },
  describe: describeGguf,
  async survey(file, survey) {
    try {
      const header = await readHeader(file);
      const layout = layoutOf(header, file.size);
      survey.covered(0, header.end);
      for (const problem of layout.problems) survey.observe({ kind: "anomaly", ...problem });
      for (const { start, bytes } of layout.tensors) survey.covered(start, start + bytes);
      await coverPadding(file, header, layout, survey);
      observeTemplates(header, survey);
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      const subject = error.code === "FILE_TRUNCATED" ? "truncated" : "header";
      survey.observe({ kind: "anomaly", subject, at: 0, detail: error.message });
    }
  },
};

/** Reads ever more of the file until the header is whole: its length stands nowhere. */
async function readHeader(file: FileSource): Promise<GgufHeader> {
  for (let size = 1 << 20; ; size *= 8) {
    const bytes = await file.read(0, Math.min(size, largestHeader));
    try {
      return readGgufHeader(bytes, file.name, file.size);
    } catch (error) {
      const needsMore = error instanceof IngotError && error.code === "FILE_TRUNCATED" && bytes.length < file.size;
      if (!needsMore) throw error;
      if (bytes.length >= largestHeader)
        throw new IngotError("FILE_TOO_LARGE", {
          what: `its header is larger than ${largestHeader} bytes`,
          where: file.name,
        });
    }
  }
}

/** Padding counts as understood when it is zero. */
async function coverPadding(file: FileSource, header: GgufHeader, layout: GgufLayout, survey: Survey): Promise<void> {
  const parts = [...layout.tensors].sort((a, b) => a.start - b.start);
  let reached = header.end;
  for (const { start, bytes } of [...parts, { start: file.size, bytes: 0 }]) {
    const end = Math.min(start, reached + Math.min(layout.alignment, largestPadding));
    if (end > reached) {
      const padding = await file.read(reached, end);
      if (padding.every((byte) => byte === 0)) survey.covered(reached, end);
      else survey.observe({ kind: "anomaly", subject: "structure", at: reached, detail: "padding holds something" });
    }
    reached = Math.max(reached, start + bytes);
  }
}

function observeTemplates(header: GgufHeader, survey: Survey): void {
  for (const [name, value] of header.metadata)
    if (/^tokenizer\.chat_template(\.|$)/.test(name) && typeof value === "string")
      survey.observe({ kind: "template", text: value, name });
}
