// The table of host work. Each is loaded when a package first needs it: a browser fetches only what it runs.
import type { HostKind } from "../host.ts";

// biome-ignore format: one kind per line
export const hostKinds: Readonly<Record<string, () => Promise<HostKind>>> = {
  clean_text: async () => (await import("./clean_text.ts")).cleanTextKind,
  parse_time: async () => (await import("./parse_time.ts")).parseTimeKind,
  decode_audio: async () => (await import("./decode_audio.ts")).decodeAudioKind,
  decode_image: async () => (await import("./decode_image.ts")).decodeImageKind,
  custom: async () => (await import("./custom.ts")).custom,
  decode_tokens: async () => (await import("./decode_tokens.ts")).decodeTokens,
  entities: async () => (await import("./entities.ts")).entities,
  text_form: async () => (await import("./text_form.ts")).textForm,
  tokenize: async () => (await import("./tokenize.ts")).tokenize,
  trim: async () => (await import("./trim.ts")).trimKind,
};
