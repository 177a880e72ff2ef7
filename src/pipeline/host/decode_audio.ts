// decode_audio on the host: WAV files in, float32 samples out.
import { z } from "zod";
import { IngotError } from "../../core/index.ts";
import { float32 } from "../../onnx/index.ts";
import { type Audio, readWavFile } from "../audio/wav_file.ts";
import type { HostKind, HostResult } from "../host.ts";
import { fileBytes } from "./file_bytes.ts";

const settingsSchema = z.strictObject({
  sampleRate: z.int().positive(),
  channels: z.enum(["mean", "first"]),
  maxBytes: z.int().positive(),
  maxSeconds: z.number().positive(),
});

export type DecodeAudioSettings = z.infer<typeof settingsSchema>;

export const decodeAudioKind: HostKind = {
  kind: "decode_audio",
  async open(settings) {
    const parsed = settingsSchema.safeParse(settings);
    if (!parsed.success)
      throw new IngotError("PACKAGE_INVALID", { what: `settings of decode_audio: ${parsed.error.issues[0]?.message}` });
    return { run: ([files = []]) => files.map((file) => decodedOrRefused(file, parsed.data)) };
  },
};

function decodedOrRefused(file: unknown, settings: DecodeAudioSettings): HostResult {
  try {
    const audio = readWavFile(fileBytes(file, settings.maxBytes), settings);
    if (audio.sampleRate !== settings.sampleRate)
      throw new IngotError("RECORD_REFUSED", {
        what: `audio of ${audio.sampleRate} samples a second, ${settings.sampleRate} are expected`,
        fix: "resample it before sending, or declare its rate and a `resample` step",
      });
    return [float32(oneChannel(audio, settings.channels))];
  } catch (error) {
    if (error instanceof IngotError) return error;
    throw error;
  }
}

function oneChannel({ length, channels, sample }: Audio, which: DecodeAudioSettings["channels"]): Float32Array {
  const data = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    let sum = 0;
    const count = which === "first" ? 1 : channels;
    for (let channel = 0; channel < count; channel++) sum += sample(i, channel);
    data[i] = sum / count;
  }
  return data;
}
