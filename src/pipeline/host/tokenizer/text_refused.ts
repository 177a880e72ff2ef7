/** A text that cannot be tokenized: the record's fault, or a limit. Its message goes on after "the text". */
export class TextRefused extends Error {}
