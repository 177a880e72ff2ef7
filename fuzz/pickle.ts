// Pickles: read, described and surveyed; where both come to the end, they have seen the same imports.
import { memoryFile, type Observation, pickle, readPickle, surveyPickles } from "../src/formats/index.ts";

export const name = "pickle";

export async function target(bytes: Uint8Array): Promise<void> {
  const observations: Observation[] = [];
  const file = memoryFile(bytes, "fuzz.pkl");
  let covered = 0;
  const walked = await surveyPickles(
    file,
    {
      covered: (_start, end) => {
        covered = Math.max(covered, end);
      },
      observe: (observation) => observations.push(observation),
      nested: async () => undefined,
    },
    { window: 256 },
  );
  if (covered > bytes.length || walked.end > bytes.length) throw new Error("a survey beyond the end of the file");
  pickle.detect(bytes, bytes.length);
  const { globals } = readPickle(bytes, "fuzz.pkl");
  const told = new Set(observations.flatMap((seen) => (seen.kind === "global" ? [`${seen.module}.${seen.name}`] : [])));
  for (const global of globals) if (!told.has(global.path)) throw new Error(`the survey missed ${global.path}`);
  pickle.describe(await pickle.read(file));
}
