// pipeline: declared steps as graph. A step is planned on the columns it finds, then written as one ONNX function, and computed a second time
// in plain TypeScript for tests, the certificate and the skew check. What no graph can do runs on the host, first or last.
export { type CompiledPipeline, compilePipeline } from "./compile.ts";
export { type DeclaredStep, declaredSteps } from "./declared.ts";
export { type Emission, missingText, type Problem } from "./emission.ts";
export { expressionFunctions } from "./expression/functions.ts";
export { type ProjectContent, StepFrame, type StepPlace } from "./frame.ts";
export { hostKinds } from "./host/index.ts";
export type { HostColumn, HostKind, HostResult, HostRunner, HostWork } from "./host.ts";
export { emitExpm1, emitLog1p } from "./near_zero.ts";
export { type Observer, pipelineReference } from "./pipeline_reference.ts";
export { type DeclaredInput, type PipelineParts, preparedInputs } from "./plan_pipeline.ts";
export type { Column, Evaluation, Frame, Step, StepPlan } from "./step.ts";
export { type FunctionBody, type StepFunction, stepDomain, stepFunction } from "./step_function.ts";
export { type StepOption, stepOptions } from "./step_options.ts";
export { type ObservedStep, observableGraph } from "./step_outputs.ts";
export { bundlePath } from "./steps/custom.ts";
export { steps } from "./steps/index.ts";
export { stepsJsonSchema } from "./steps_schema.ts";
export { type Counting, countedRow, hashed, lookedUp } from "./terms/counting.ts";
export { emitSpread, emitSums, type TermCounts, widestDense, withValues } from "./terms/counts.ts";
export { textInForm } from "./terms/form.ts";
export { PatternUnsupported } from "./terms/pattern.ts";
export { englishStopWords } from "./terms/stop_words.ts";
export {
  characterRuns,
  type Lengths,
  longestRun,
  type Terms,
  wordCharacterRuns,
  words,
} from "./terms/terms.ts";
export { type TokenPattern, tokenPattern } from "./terms/token_pattern.ts";
export { logarithm, presence, rarity, rowLength, type Weighting, weightedRow } from "./terms/weights.ts";
export { type HostStage, type PipelineWork, type RefusedProblem, refusedOutput } from "./work.ts";
