// The table of commands, in the order that `ingot --help` shows them.
import type { Command } from "../command.ts";
import ab from "./ab.ts";
import convert from "./convert.ts";
import exportPackage from "./export.ts";
import formats from "./formats.ts";
import init from "./init.ts";
import inspect from "./inspect.ts";
import ls from "./ls.ts";
import pack from "./pack.ts";
import predict from "./predict.ts";
import rm from "./rm.ts";
import rules from "./rules.ts";
import scan from "./scan.ts";
import serve from "./serve.ts";
import show from "./show.ts";
import steps from "./steps.ts";
import verify from "./verify.ts";

export const commands: readonly Command[] = [
  inspect,
  scan,
  init,
  pack,
  ls,
  show,
  verify,
  predict,
  serve,
  convert,
  ab,
  exportPackage,
  rm,
  formats,
  rules,
  steps,
];
