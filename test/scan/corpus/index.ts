// The malicious corpus: every technique of published attacks on model files and their scanners, with payloads that do no harm.
import { containerSamples } from "./containers.ts";
import { folderSamples } from "./folders.ts";
import { loaderSamples } from "./loaders.ts";
import { modelSamples } from "./models.ts";
import { pickleSamples } from "./pickles.ts";
import type { Sample } from "./sample.ts";

export type { Sample } from "./sample.ts";

export function corpus(): Sample[] {
  return [...pickleSamples(), ...containerSamples(), ...modelSamples(), ...folderSamples(), ...loaderSamples()];
}
