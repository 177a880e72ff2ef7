// A project with a custom step: a TypeScript module of two files with a dependency, in front of the model of flights.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { demoProject } from "./projects.ts";

export const flightStep = `import { miles } from "distances";
import { limit } from "./limits.ts";
interface Flight { readonly km: number | null }

export function toMiles({ km }: Flight): { distance: number } {
  if (km === null) throw new RangeError("no distance");
  return { distance: limit(miles(km)) };
}
`;

/** @param lock version of the dependency in the lock file; null without one @returns the folder */
export function customProject(folder: string, module = flightStep, lock: string | null = "1.0.0"): string {
  demoProject(folder, (yaml) =>
    `${yaml.replace(/^examples: .*$/m, "").replace(/^ {2}distance: .*$/m, "  km: { type: float, missing: allow }")}
preprocess:
  - custom: { module: steps/flight.ts, function: toMiles, inputs: [km], outputs: { distance: float } }
`.replace("name: flight-delay", "name: custom"),
  );
  const dependency = path.join(folder, "node_modules", "distances");
  mkdirSync(dependency, { recursive: true });
  mkdirSync(path.join(folder, "steps"));
  writeFileSync(path.join(folder, "steps", "flight.ts"), module);
  writeFileSync(
    path.join(folder, "steps", "limits.ts"),
    "export const limit = (x: number): number => Math.min(x, 5000);\n",
  );
  writeFileSync(
    path.join(dependency, "package.json"),
    '{"name":"distances","version":"1.0.0","type":"module","exports":"./index.js"}',
  );
  writeFileSync(path.join(dependency, "index.js"), "export const miles = (km) => km / 1.609344;\n");
  const packages = { "": {}, "node_modules/distances": { version: lock } };
  if (lock !== null)
    writeFileSync(path.join(folder, "package-lock.json"), JSON.stringify({ lockfileVersion: 3, packages }));
  return folder;
}
