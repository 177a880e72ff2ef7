// decode_audio: the contents of a WAV file become samples, on the host.
import { z } from "zod";
import type { DecodeAudioSettings } from "../../host/decode_audio.ts";
import { step } from "../../step.ts";

const options = z.strictObject({
  column: z
    .string()
    .describe(
      "The input of type `bytes`: a WAV (PCM of 8 to 32 bits, float); its samples take its place, `[samples]` of float32, -1 to 1",
    ),
  sample_rate: z.int().min(1).max(768_000).describe("Samples a second; files of another rate are refused"),
  channels: z
    .enum(["mean", "first"])
    .default("mean")
    .describe("What several channels become: their mean (librosa.to_mono) or the first one"),
  max_bytes: z
    .int()
    .positive()
    .max(2 ** 28)
    .default(2 ** 26)
    .describe("Larger files are refused"),
  max_seconds: z.number().positive().max(3600).default(60).describe("Longer audio is refused"),
});

export const decodeAudio = step({
  name: "decode_audio",
  about: "Decode an audio file (WAV) on the host",
  family: "audio",
  options,
  example: "decode_audio: { column: clip, sample_rate: 16000 }",
  reference: "soundfile.read(file, dtype='float32')",
  plan({ column: name, sample_rate: sampleRate, channels, max_bytes: maxBytes, max_seconds: maxSeconds }, frame) {
    const column = frame.column(name);
    if (!column.isBytes)
      throw frame.refuse(`column \`${name}\` is ${column.dtype}, not the contents of a file`, {
        option: "column",
        fix: `declare it under \`inputs:\` as \`${name}: { type: bytes }\``,
      });
    const settings: DecodeAudioSettings = { sampleRate, channels, maxBytes, maxSeconds };
    return {
      reads: [name],
      writes: [{ name, dtype: "float32", shape: [`${name}_samples`], missing: false }],
      host: { kind: "decode_audio", settings },
    };
  },
});
