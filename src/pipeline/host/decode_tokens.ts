// Token ids back to texts.
import { z } from "zod";
import type { Tensor } from "../../onnx/index.ts";
import type { HostKind } from "../host.ts";
import { hostSettings } from "./settings.ts";
import { Encoder } from "./tokenizer/encoder.ts";
import { readTokenizer } from "./tokenizer/file.ts";

export const decodeSettings = z.strictObject({ tokenizer: z.string(), skipSpecial: z.boolean() });

export const decodeTokens: HostKind = {
  kind: "decode_tokens",
  async open(given, read) {
    const { tokenizer, skipSpecial } = hostSettings(decodeSettings, given, "decode_tokens");
    const encoder = new Encoder(readTokenizer(await read(tokenizer), tokenizer));
    return {
      run([ids], rows) {
        return Array.from({ length: rows }, (_, row) => {
          const { data } = ids![row] as Tensor;
          return [encoder.decode(Array.from(data as ArrayLike<number | bigint>, Number), skipSpecial)];
        });
      },
    };
  },
};
