// What the reader of a file tells of it.

import { detectFormat, memoryFile, type Observation } from "../../../src/formats/index.ts";
import { Coverage } from "../../../src/scan/coverage.ts";

export async function surveyed(bytes: Uint8Array): Promise<{ id: string; observations: Observation[]; gaps: number }> {
  const file = memoryFile(bytes, "file");
  const format = await detectFormat(file);
  const observations: Observation[] = [];
  const coverage = new Coverage();
  await format.survey?.(file, {
    covered: (start, end) => coverage.add(start, end),
    observe: (observation) => void observations.push(observation),
    async nested() {},
  });
  return { id: format.id, observations, gaps: coverage.gaps(bytes.length).length };
}

/** Subjects of the anomalies, in their order. */
export function anomalies(observations: readonly Observation[]): string[] {
  return observations.flatMap((seen) => (seen.kind === "anomaly" ? [`${seen.subject}: ${seen.detail}`] : []));
}
