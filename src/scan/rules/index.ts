// The table of rules, in the order of `ingot rules`: pickles, code, graphs, archives, structure, content.
import { nodeCrypto } from "../../core/index.ts";
import type { Rule } from "../rule.ts";
import { archiveChecksum } from "./archive_checksum.ts";
import { archiveInconsistent } from "./archive_inconsistent.ts";
import { compressionMalformed } from "./compression_malformed.ts";
import { duplicateEntry } from "./duplicate_entry.ts";
import { embeddedExecutable } from "./embedded_executable.ts";
import { embeddedScript } from "./embedded_script.ts";
import { graphCustomOperator } from "./graph_custom_operator.ts";
import { graphFileOperator } from "./graph_file_operator.ts";
import { graphPythonOperator } from "./graph_python_operator.ts";
import { headerMalformed } from "./header_malformed.ts";
import { kerasCustomObject } from "./keras_custom_object.ts";
import { kerasDangerousObject } from "./keras_dangerous_object.ts";
import { kerasLambda } from "./keras_lambda.ts";
import { kerasRegisteredObject } from "./keras_registered_object.ts";
import { limitReached } from "./limit_reached.ts";
import { linkEntry } from "./link_entry.ts";
import { modelProgram } from "./model_program.ts";
import { pathEscape } from "./path_escape.ts";
import { pathOutside } from "./path_outside.ts";
import { pickleDangerousGlobal } from "./pickle_dangerous_global.ts";
import { pickleMalformed } from "./pickle_malformed.ts";
import { pickleOwnGlobal } from "./pickle_own_global.ts";
import { pickleStandardLibraryGlobal } from "./pickle_standard_library_global.ts";
import { pickleUnknownGlobal } from "./pickle_unknown_global.ts";
import { polyglotFile } from "./polyglot_file.ts";
import { pythonCode } from "./python_code.ts";
import { remoteCode } from "./remote_code.ts";
import { secretInFile } from "./secret.ts";
import { structureMalformed } from "./structure_malformed.ts";
import { templateDangerous } from "./template_dangerous.ts";
import { templateUnusual } from "./template_unusual.ts";
import { trailingData } from "./trailing_data.ts";
import { truncatedData } from "./truncated_data.ts";

export const rules: readonly Rule[] = [
  pickleDangerousGlobal,
  pickleStandardLibraryGlobal,
  pickleUnknownGlobal,
  pickleOwnGlobal,
  pickleMalformed,
  pythonCode,
  modelProgram,
  kerasLambda,
  kerasDangerousObject,
  kerasCustomObject,
  kerasRegisteredObject,
  graphPythonOperator,
  graphFileOperator,
  graphCustomOperator,
  templateDangerous,
  templateUnusual,
  remoteCode,
  pathEscape,
  pathOutside,
  linkEntry,
  archiveInconsistent,
  archiveChecksum,
  compressionMalformed,
  limitReached,
  headerMalformed,
  structureMalformed,
  duplicateEntry,
  polyglotFile,
  trailingData,
  truncatedData,
  embeddedExecutable,
  embeddedScript,
  secretInFile,
];

/** What the rules are, in 12 hex digits: changes when a rule is added, removed or reworded. */
export function rulesDigest(): string {
  const hash = nodeCrypto().createHash("sha256");
  for (const { id, severity, title, rationale } of rules) hash.update(`${id}\n${severity}\n${title}\n${rationale}\n`);
  return hash.digest("hex").slice(0, 12);
}
