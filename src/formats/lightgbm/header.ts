// The lines before the first tree (GBDT::LoadModelFromString).
import { IngotError, quoted } from "../../core/index.ts";
import type { ModelText } from "./lines.ts";
import type { FeatureDomain, Objective } from "./model.ts";
import { classesOf, type LightgbmObjective, objectiveLinks, parseObjective } from "./objective.ts";

const versions = ["v2", "v3", "v4"];

/** Each takes some hundred bytes here. */
const featureLimit = 1 << 22;

export interface Header {
  readonly version: string;
  readonly numClass: number;
  readonly treesPerIteration: number;
  readonly objective: Objective;
  readonly averageOutput: boolean;
  readonly featureNames: string[];
  readonly domains: FeatureDomain[];
  /** Bytes of each tree's block; null in files without the line. */
  readonly treeSizes: Float64Array | null;
  /** Where the first tree begins. */
  readonly end: number;
}

/** Reads up to the first `Tree=` line. @throws IngotError MODEL_INVALID, MODEL_UNSUPPORTED, FILE_TRUNCATED */
export function readHeader(text: ModelText): Header {
  const { lines, end } = headerLines(text);
  const line = (key: string): string => {
    const value = lines.get(key);
    if (value === undefined) throw text.invalid(`has no line \`${key}=\``);
    return value;
  };
  const version = line("version");
  if (!versions.includes(version))
    throw text.invalid(`format version ${quoted(version)} is not known, only ${versions.join(", ")}`, "version");
  const count = (key: string, value: string, least: number): number => {
    const number = Number(value);
    if (!/^\d{1,9}$/.test(value) || number < least) throw text.invalid(`${quoted(value)} is not a count`, key);
    return number;
  };
  const numClass = count("num_class", line("num_class"), 1);
  const perIteration = lines.get("num_tree_per_iteration");
  const treesPerIteration = perIteration === undefined ? numClass : count("num_tree_per_iteration", perIteration, 1);
  const features = count("max_feature_idx", line("max_feature_idx"), 0) + 1;
  if (features > featureLimit)
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: `${features} features, at most ${featureLimit} can be read`,
      where: text.source,
    });
  const objective = parseObjective(lines.get("objective"), text.source);
  checkOutputs(text, objective, numClass, treesPerIteration);

  const perFeature = (key: string, what: string): string[] => {
    const value = line(key);
    const found = wordCount(value);
    if (found !== features) throw text.invalid(`${found} ${what} where max_feature_idx says ${features}`, key);
    return words(value);
  };
  const featureNames = perFeature("feature_names", "names");
  const infos = perFeature("feature_infos", "entries");
  const domains = infos.map((info, index) => featureDomain(text, info, featureNames[index]!));
  return {
    version,
    numClass,
    treesPerIteration,
    objective,
    averageOutput: lines.has("average_output"),
    featureNames,
    domains,
    treeSizes: treeSizes(text, lines.get("tree_sizes")),
    end,
  };
}

function headerLines(text: ModelText): { lines: Map<string, string>; end: number } {
  const lines = new Map<string, string>();
  let start = 0;
  while (start < text.bytes.length && !text.startsWith("Tree=", start) && !text.startsWith("end of trees", start)) {
    const end = text.lineEnd(start);
    const line = text.text(start, end);
    const equals = line.indexOf("=");
    if (line !== "") lines.set(equals < 0 ? line : line.slice(0, equals), equals < 0 ? "" : line.slice(equals + 1));
    start = end + 1;
  }
  if (!lines.has("tree")) throw text.invalid("does not begin with `tree`");
  if (start >= text.bytes.length) throw text.truncated("ends before the first tree");
  return { lines, end: start };
}

function checkOutputs(text: ModelText, objective: Objective, numClass: number, treesPerIteration: number): void {
  if (objective.name === null) return;
  const link = objectiveLinks[objective.name as LightgbmObjective];
  const classes = link === "softmax" || link === "sigmoids" ? (classesOf(objective) ?? numClass) : 1;
  if (treesPerIteration !== classes)
    throw text.invalid(
      `objective ${quoted(objective.text)} has ${classes} outputs, num_tree_per_iteration says ${treesPerIteration}`,
      "num_tree_per_iteration",
    );
}

/** `[min:max]`, `none`, or categories `3:1:7`. */
function featureDomain(text: ModelText, info: string, name: string): FeatureDomain {
  if (info === "none" || info === "") return { kind: "none" };
  const range = /^\[([^:\]]+):([^:\]]+)\]$/.exec(info);
  if (range) {
    const [min, max] = [Number(range[1]), Number(range[2])];
    return { kind: "numeric", min, max };
  }
  const values = info.split(":").map(Number);
  if (values.some((value) => !Number.isInteger(value)))
    throw text.invalid(
      `${quoted(info)} is neither a range nor a list of categories`,
      `feature_infos of ${quoted(name)}`,
    );
  return { kind: "categorical", values };
}

function treeSizes(text: ModelText, line: string | undefined): Float64Array | null {
  if (line === undefined) return null;
  const sizes = Float64Array.from(words(line), Number);
  for (const size of sizes)
    if (!Number.isSafeInteger(size) || size < 1) throw text.invalid(`${quoted(size)} is not a size`, "tree_sizes");
  return sizes;
}

function words(line: string): string[] {
  return line.split(" ").filter((word) => word !== "");
}

/** How many `words` there are, without making them. */
function wordCount(line: string): number {
  let count = 0;
  for (let i = 0; i < line.length; i++) if (line[i] !== " " && (i === 0 || line[i - 1] === " ")) count++;
  return count;
}
