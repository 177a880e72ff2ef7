// ingot.yaml from anyone.
import { parseProject } from "../src/package/project.ts";

export const name = "project";

export function target(bytes: Uint8Array): void {
  parseProject(bytes);
}
