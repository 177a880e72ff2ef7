// Lower case and removed accents: no operator does either the same on every machine (ARCHITECTURE.md, texts).
import { z } from "zod";
import { missingText } from "../emission.ts";
import type { HostKind } from "../host.ts";
import { textInForm } from "../terms/form.ts";
import { hostSettings } from "./settings.ts";

const settings = z.strictObject({ lowercase: z.boolean(), stripAccents: z.enum(["unicode", "ascii"]).nullable() });

export const textForm: HostKind = {
  kind: "text_form",
  async open(given) {
    const { lowercase, stripAccents } = hostSettings(settings, given, "text_form");
    const form = { lowercase, ...(stripAccents === null ? {} : { stripAccents }) };
    return {
      run: (columns, rows) =>
        Array.from({ length: rows }, (_, row) =>
          columns.map((column) => {
            const text = column[row];
            return {
              dtype: "string",
              dims: [],
              data: [typeof text === "string" ? textInForm(text, form) : missingText],
            };
          }),
        ),
    };
  },
};
