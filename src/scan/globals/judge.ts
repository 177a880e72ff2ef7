// Who a global in a pickle is: one ordered decision, from the exact names that are known to be safe to everything else.
import { safeEstimators } from "./estimators.ts";
import { cythonLibraries, safeLibraries } from "./libraries.ts";
import { dangerousModules, safeStandard, standardModules } from "./standard.ts";

export type GlobalKind =
  /** On the list of exact names: builds a value and does nothing else. */
  | "safe"
  /** Runs code, reads or writes files, reaches the network, or finds other objects by name. */
  | "dangerous"
  /** Python's own library, but nothing that a model needs. */
  | "standard"
  /** The program that trained the model: its own class or function. */
  | "own"
  /** Any other name: what it does is not known. */
  | "unknown";

/** Names that resolve or call something else, in whichever module an alias of them stands. */
const dangerousNames =
  /^(eval|exec|execfile|compile|open|input|getattr|setattr|delattr|globals|locals|vars|breakpoint|system|popen\w*|spawn\w*|execv?[lpe]*|resolve_name|import_module|methodcaller|attrgetter|itemgetter|run_module|run_path|run_code|CodeType|FunctionType|MethodType|LambdaType|load_module|loads?|check_output|check_call|Popen|call_subprocess|getoutput|getstatusoutput|fork|forkpty|kill|remove|unlink|rmtree|apply|reduce|ctypes|CDLL|WinDLL|PyDLL)$/;

const tables = [safeStandard, safeLibraries, safeEstimators] as const;
const safe = new Map<string, ReadonlySet<string>>();

/** Names of a module that are known to be safe; a scan asks about few of all the modules. */
function safeNames(module: string): ReadonlySet<string> | undefined {
  const before = safe.get(module);
  if (before) return before;
  const lists = tables.flatMap((table) => (Object.hasOwn(table, module) ? [table[module]!] : []));
  if (lists.length === 0) return undefined;
  const names = new Set(lists.flatMap((list) => list.split(" ")).filter((name) => name !== ""));
  safe.set(module, names);
  return names;
}

/**
 * @param args text of the arguments where the global is called, as the reader prints them: some functions are safe only with some
 */
export function judgeGlobal(module: string, name: string, args?: string): GlobalKind {
  let ofModule = judged.get(module);
  const before = ofModule?.get(name);
  if (before !== undefined) return before;
  const kind = judgeAnew(module, name, args);
  // Where arguments decide, the answer belongs to them; hostile files name endless globals.
  if (judgedCount >= mostJudged || isSafeCall(module, name, undefined)) return kind;
  judgedCount++;
  if (!ofModule) {
    ofModule = new Map();
    judged.set(module, ofModule);
  }
  ofModule.set(name, kind);
  return kind;
}

const judged = new Map<string, Map<string, GlobalKind>>();
const mostJudged = 10_000;
let judgedCount = 0;

function judgeAnew(module: string, name: string, args: string | undefined): GlobalKind {
  if (isSafe(module, name)) return "safe";
  if (isSafeCall(module, name, args)) return "safe";
  const parts = [...module.split("."), ...name.split(".")];
  if (parts.some((part) => part.startsWith("__") && part !== "__main__")) return "dangerous";
  if (insideDangerous(module)) return "dangerous";
  // A dotted name walks from attribute to attribute: a module inside a harmless one is still that module.
  if (name.includes(".") && parts.some((part) => dangerousModules.has(part) || dangerousNames.test(part)))
    return "dangerous";
  const root = parts[0]!;
  if (root === "__main__" || root === "__mp_main__") return dangerousNames.test(name) ? "dangerous" : "own";
  if (root.startsWith("_") && !/^_(catboost|loss|tree|criterion|splitter|gradient_boosting)$/.test(root))
    return "dangerous";
  if (standardModules.has(root)) return "standard";
  return dangerousNames.test(parts.at(-1)!) ? "dangerous" : "unknown";
}

function isSafe(module: string, name: string): boolean {
  if (safeNames(module)?.has(name)) return true;
  if (module === "numpy.dtypes") return /^[A-Za-z0-9]+DType$/.test(name);
  // Universal functions of numpy, as newer releases name them.
  if (/^numpy\.(_core|core)\.(_multiarray_umath|umath)$/.test(module)) return safeNames("numpy")!.has(name);
  if (/^(_loss|sklearn\._loss\._loss)$/.test(module) && /^Cy[A-Za-z]+$/.test(name)) return true;
  return cythonLibraries.test(module) && /^__pyx_unpickle_[A-Za-z0-9_]+$/.test(name);
}

/** Functions whose arguments decide: what honest writers give them, and nothing else. */
function isSafeCall(module: string, name: string, args: string | undefined): boolean {
  const called = `${module}.${name}`;
  // Universal functions of numpy before 1.26, which are stored as the name of a module and a name in it.
  if (/^numpy\.(_core|core)\._ufunc_reconstruct$/.test(called))
    return (
      args === undefined ||
      /^\(?["']numpy(\._?core\._multiarray_umath|\.core\.umath)?["'], ["'][a-z0-9_]+["'],?\)?$/.test(args)
    );
  if (called === "builtins.type" || called === "__builtin__.type")
    return args === undefined || /^\(?None,?\)?$/.test(args);
  // Puts a function and arguments together for later; the function is judged by its own name, and must be one that is safe.
  if (called === "functools.partial") {
    const [, of, inside] = /^\(?([\w.]+)\.(\w+)[,)]/.exec(args ?? "") ?? [];
    return args === undefined || (of !== undefined && inside !== undefined && isSafe(of, inside));
  }
  return false;
}

function insideDangerous(module: string): boolean {
  for (let end = module.length; end > 0; end = module.lastIndexOf(".", end - 1))
    if (dangerousModules.has(module.slice(0, end))) return true;
  return false;
}
