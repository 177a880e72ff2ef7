// frame: audio as overlapping pieces.
import { z } from "zod";
import {
  audioColumn,
  emitFrames,
  emitTooShort,
  type Frames,
  frameCount,
  sampleAt,
  tooShort,
} from "../../audio/audio_column.ts";
import { bySignal } from "../../audio/by_signal.ts";
import { step } from "../../step.ts";

const options = z.strictObject({
  column: z.string().describe("Audio, `[samples]`"),
  length: z
    .int()
    .min(1)
    .max(2 ** 20)
    .describe("Samples of one frame"),
  hop: z
    .int()
    .min(1)
    .max(2 ** 20)
    .describe("Samples from the start of one frame to the next"),
});

export const frame = step({
  name: "frame",
  about: "Cut audio into overlapping frames: [frames, length]",
  family: "audio",
  options,
  example: "frame: { column: clip, length: 400, hop: 160 }",
  reference: "librosa.util.frame(x, frame_length=length, hop_length=hop, axis=0)",
  plan({ column: name, length, hop }, view) {
    const column = audioColumn(view, name);
    const frames: Frames = { length, hop, border: 0, mode: "constant" };
    return {
      reads: [name],
      writes: [{ ...column, shape: [null, length] }],
      emit([value], { g, reject }) {
        reject(emitTooShort(g, value!, frames), tooShort(name, frames));
        return [g.op("Cast", [emitFrames(g, value!, frames)], { to: 1 })];
      },
      evaluate([tensor], rows, { reject }) {
        const samples = tensor!.dims[1]!;
        if (samples < length) for (let row = 0; row < rows; row++) reject(row, tooShort(name, frames));
        const count = frameCount(samples, frames);
        return [
          bySignal(tensor!, rows, [count, length], (signal) =>
            Float32Array.from({ length: count * length }, (_, i) => {
              const at = sampleAt(Math.floor(i / length) * hop + (i % length), samples, "constant");
              return at === null ? 0 : signal[at]!;
            }),
          ),
        ];
      },
    };
  },
});
