import { on, type Rule } from "../rule.ts";

export const structureMalformed: Rule = {
  id: "structure-malformed",
  severity: "high",
  title: "The parts of the file contradict each other",
  rationale: "Programs differ in which part they believe: what one shows is not what another loads.",
  references: ["CWE-436", "CWE-20"],
  fix: "export the model again; do not trust this file",
  judge: on("anomaly", (seen) => (seen.subject === "structure" || seen.subject === "numpy" ? seen.detail : null)),
};
