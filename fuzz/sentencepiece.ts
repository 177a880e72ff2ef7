// SentencePiece's tokenizers.
import { fileTarget } from "./readers.ts";

export const name = "sentencepiece";

export const target = fileTarget("sentencepiece");
