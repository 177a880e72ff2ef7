// WAV: what the header claims, checked against what is there, then samples. Rule: Multimedia Programming Interface and Data Specifications 1.0 (RIFF)
// and WAVEFORMATEXTENSIBLE. Scaled as libsndfile, torchaudio and librosa do: integers by 2^(bits - 1).
import { IngotError } from "../../core/index.ts";

export interface AudioLimits {
  /** Of the file. */
  readonly maxBytes: number;
  readonly maxSeconds: number;
}

export interface Audio {
  readonly sampleRate: number;
  readonly channels: number;
  /** Samples of one channel. */
  readonly length: number;
  /** One sample of one channel, -1 to 1. */
  sample(index: number, channel: number): number;
}

const formats = { pcm: 1, float: 3, extensible: 0xfffe };
/** The rest of a GUID that begins with the format's number. */
const wavGuid = [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71];
const mostChannels = 64;

const text = (bytes: Uint8Array, at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));

/** @throws IngotError FORMAT_UNKNOWN, FILE_TRUNCATED, FILE_MALFORMED, FILE_TOO_LARGE */
export function readWavFile(bytes: Uint8Array, limits: AudioLimits): Audio {
  if (bytes.length < 12 || text(bytes, 0) !== "RIFF" || text(bytes, 8) !== "WAVE")
    throw new IngotError("FORMAT_UNKNOWN", {
      what: bytes.length === 0 ? "no bytes, where audio was expected" : "bytes that are no WAV file",
      fix: "save the audio as WAV",
    });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let format: Format | null = null;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const kind = text(bytes, at);
    const size = view.getUint32(at + 4, true);
    if (at + 8 + size > bytes.length)
      throw new IngotError("FILE_TRUNCATED", {
        what: `the WAV's chunk ${JSON.stringify(kind)} claims ${size} bytes, ${bytes.length - at - 8} are left`,
        fix: "send the whole file, written with its sizes",
      });
    if (kind === "fmt ") format = formatOf(view, at + 8, size);
    if (kind === "data") {
      if (!format) throw malformed("the WAV has samples before their format");
      return samplesOf(view, at + 8, size, format, limits);
    }
    at += 8 + size + (size % 2);
  }
  throw malformed("the WAV holds no samples");
}

interface Format {
  readonly isFloat: boolean;
  readonly channels: number;
  readonly sampleRate: number;
  readonly bits: number;
}

function malformed(what: string): IngotError {
  return new IngotError("FILE_MALFORMED", { what, fix: "save the audio again with another program" });
}

function formatOf(view: DataView, at: number, size: number): Format {
  if (size < 16) throw malformed("the WAV has a format of the wrong length");
  let tag = view.getUint16(at, true);
  const [channels, sampleRate] = [view.getUint16(at + 2, true), view.getUint32(at + 4, true)];
  const [block, bits] = [view.getUint16(at + 12, true), view.getUint16(at + 14, true)];
  if (tag === formats.extensible) {
    if (size < 40 || wavGuid.some((byte, i) => view.getUint8(at + 26 + i) !== byte))
      throw malformed("the WAV has an extended format of another kind");
    tag = view.getUint16(at + 24, true);
  }
  const isFloat = tag === formats.float;
  if (!isFloat && tag !== formats.pcm) throw malformed(`the WAV is compressed (format ${tag}), which is not decoded`);
  if (!(isFloat ? [32, 64] : [8, 16, 24, 32]).includes(bits)) throw malformed(`the WAV has ${bits} bits per sample`);
  if (channels === 0 || channels > mostChannels) throw malformed(`the WAV has ${channels} channels`);
  if (sampleRate === 0 || sampleRate > 768_000) throw malformed(`the WAV has ${sampleRate} samples a second`);
  if (block !== (channels * bits) / 8)
    throw malformed(`the WAV has blocks of ${block} bytes for ${channels} channels of ${bits} bits`);
  return { isFloat, channels, sampleRate, bits };
}

function samplesOf(view: DataView, start: number, size: number, format: Format, limits: AudioLimits): Audio {
  const { isFloat, channels, sampleRate, bits } = format;
  const width = bits / 8;
  const length = Math.floor(size / (width * channels));
  if (length === 0) throw malformed("the WAV holds no samples");
  if (length / sampleRate > limits.maxSeconds)
    throw new IngotError("FILE_TOO_LARGE", {
      what: `audio of ${(length / sampleRate).toFixed(1)} seconds, at most ${limits.maxSeconds} are decoded`,
      fix: "send a shorter part, or raise `max_seconds` of `decode_audio`",
    });
  const read = isFloat ? floats(view, bits) : integers(view, bits);
  return {
    sampleRate,
    channels,
    length,
    sample: (index, channel) => read(start + (index * channels + channel) * width),
  };
}

function floats(view: DataView, bits: number): (at: number) => number {
  return (at) => {
    const value = bits === 32 ? view.getFloat32(at, true) : view.getFloat64(at, true);
    if (!Number.isFinite(value)) throw malformed("the WAV has samples that are no numbers");
    return value;
  };
}

function integers(view: DataView, bits: number): (at: number) => number {
  if (bits === 8) return (at) => (view.getUint8(at) - 128) / 128;
  if (bits === 16) return (at) => view.getInt16(at, true) / 2 ** 15;
  if (bits === 24) return (at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 2 ** 23;
  return (at) => view.getInt32(at, true) / 2 ** 31;
}
