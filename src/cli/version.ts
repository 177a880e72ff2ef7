// The version of this build; scripts/build.mjs writes it in from package.json.
declare const INGOT_VERSION: string;

export const version: string = INGOT_VERSION;
