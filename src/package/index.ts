// package: a project folder becomes an immutable, verified package in a store, and is opened, listed, verified, removed.
export type { Certificate } from "./certificate.ts";
export { certifyConversion } from "./certify_conversion.ts";
export type { Difference } from "./compare.ts";
export type { PackageDescription } from "./description.ts";
export { type Example, parseExamples } from "./examples.ts";
export { type FileKind, fileSetDigest, type PackageFile } from "./file_set.ts";
export { type InitOptions, type InitResult, initProject } from "./init.ts";
export {
  type ListedPackage,
  listPackages,
  type PackageEntry,
  removePackage,
  resolveReference,
} from "./list.ts";
export type { Measurement, RuntimeResult } from "./measure.ts";
export { openPackage, type Package } from "./open.ts";
export { type PackOptions, type PackResult, pack } from "./pack.ts";
export { type ParsedProject, type Project, parseProject, projectJsonSchema } from "./project.ts";
export { compareVersions, formatReference, parseReference, type Reference } from "./reference.ts";
export { scanReportOf } from "./referrer.ts";
export { scanPackage } from "./scan_package.ts";
export { type ObservedRow, type SkewOptions, type SkewReport, skewCheck, skewOfProject } from "./skew.ts";
export { toleranceText } from "./tolerances.ts";
export { type Check, type VerifyOptions, type VerifyReport, verifyPackage } from "./verify.ts";
export { yamlProblem } from "./yaml_problem.ts";
export { parseYaml, type YamlSource } from "./yaml_source.ts";
