// What a survey of pickles tells: imports and calls, each once, and what is odd, with a bound on how much.
import { PyGlobal } from "../python/values.ts";
import type { AnomalySubject, Observation, Survey } from "../survey.ts";
import { mostGlobals } from "./abstract_values.ts";

const mostObservations = 20_000;
const callsShown = 16;

/** Callables that are harmless with some arguments only: every call of theirs is told, however many there are. */
const judgedByArguments = new Set(["numpy.core._ufunc_reconstruct", "numpy._core._ufunc_reconstruct", "builtins.type"]);

/** Callables that make functions out of code. */
const codeMakers = new Set([
  "types.CodeType",
  "types.FunctionType",
  "builtins.code",
  "marshal.loads",
  "marshal.load",
  "cloudpickle.cloudpickle._make_function",
  "cloudpickle.cloudpickle._builtin_type",
  "cloudpickle.cloudpickle._make_skel_func",
  "cloudpickle.cloudpickle._fill_function",
  "cloudpickle.cloudpickle_fast._make_function",
  "dill._dill._create_code",
  "dill._dill._create_function",
  "dill._dill._load_type",
  "joblib.externals.cloudpickle.cloudpickle._make_function",
]);

/** What is remembered of a global. */
interface Known {
  readonly isCodeMaker: boolean;
  readonly isDtype: boolean;
  /** joblib's stand-ins for arrays are called so. */
  readonly isWrapper: boolean;
  /** Calls whose arguments are still worth to be read. */
  left: number;
  readonly alwaysAsks: boolean;
  shown: Set<string> | null;
  isBuilt: boolean;
}

export class Witness {
  readonly globals: PyGlobal[] = [];
  calls = 0;
  private readonly survey: Survey;
  private readonly numbers = new Map<string, number>();
  private readonly known: Known[] = [];
  private observed = 0;

  constructor(survey: Survey) {
    this.survey = survey;
  }

  /** Number of the global; its import is told the first time. */
  imported(module: string, name: string, at: number): number {
    const key = `${module}\n${name}`;
    const before = this.numbers.get(key);
    if (before !== undefined) return before;
    if (this.globals.length >= mostGlobals) return mostGlobals - 1;
    const number = this.globals.length;
    this.numbers.set(key, number);
    const global = new PyGlobal(module, name);
    this.globals.push(global);
    this.known.push(this.knownOf(global));
    this.observe({ kind: "global", module, name, use: "import", at });
    return number;
  }

  private knownOf({ module, name, path }: PyGlobal): Known {
    const isCodeMaker = codeMakers.has(path);
    return {
      isCodeMaker,
      isDtype: path === "numpy.dtype",
      isWrapper: name.endsWith("Wrapper"),
      left: isCodeMaker || this.survey.asksArguments?.(module, name) !== false ? callsShown : 0,
      alwaysAsks: judgedByArguments.has(path),
      shown: null,
      isBuilt: false,
    };
  }

  /** What matters about a global whenever it is used. */
  about(number: number): Readonly<Pick<Known, "isDtype" | "isWrapper">> {
    return this.known[number]!;
  }

  /** Whether the arguments of another call of it are worth to be read. */
  wantsArguments(number: number): boolean {
    const known = this.known[number]!;
    return known.left > 0 || known.alwaysAsks;
  }

  called(number: number, args: string | null, at: number): void {
    this.calls++;
    if (args === null) return;
    const known = this.known[number]!;
    known.left--;
    if (known.shown?.has(args)) return;
    const { module, name, path } = this.globals[number]!;
    if (known.shown === null && known.isCodeMaker) this.observe({ kind: "code", subject: path, detail: args, at });
    known.shown ??= new Set();
    known.shown.add(args);
    this.observe({ kind: "global", module, name, use: "call", args, at });
  }

  stateSet(number: number, at: number): void {
    const known = this.known[number]!;
    if (known.isBuilt) return;
    known.isBuilt = true;
    const { module, name } = this.globals[number]!;
    this.observe({ kind: "global", module, name, use: "build", at });
  }

  anomaly(detail: string, at: number, subject: AnomalySubject = "pickle"): void {
    this.observe({ kind: "anomaly", subject, detail, at });
  }

  observe(observation: Observation): void {
    this.observed++;
    if (this.observed < mostObservations) this.survey.observe(observation);
    else if (this.observed === mostObservations)
      this.survey.observe({
        kind: "limit",
        limit: "observations",
        detail: `more than ${mostObservations} in one pickle`,
      });
  }
}
