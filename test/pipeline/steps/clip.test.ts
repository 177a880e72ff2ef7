import { expect, test } from "vitest";
import { agreeOnGenerated, column, planStep } from "../step_harness.ts";

test.each([
  ["both bounds", { min: -1, max: 100 }],
  ["a lower bound", { min: 0 }],
  ["an upper bound", { max: 2.5 }],
])("%s: graph and evaluation are equal", async (_name, bounds) => {
  const columns = [column("a"), column("b", "float32")];
  await agreeOnGenerated({ step: "clip", options: { columns: ["a", "b"], ...bounds }, columns });
});

test("bounds in the wrong order are refused with the option's place", () => {
  const given = { step: "clip", options: { columns: ["a"], min: 2, max: 1 }, columns: [column("a")] };
  expect(() => planStep(given)).toThrow(/ingot\.yaml:min: `clip`: `min` 2 is above `max` 1/);
});

test("an unknown column is refused with the nearest one", () => {
  const given = { step: "clip", options: { columns: ["agee"], min: 2 }, columns: [column("age")] };
  expect(() => planStep(given)).toThrow(/there is no column "agee", did you mean `age`\?/);
});
