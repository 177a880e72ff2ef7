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

export class Witness {
  readonly globals: PyGlobal[] = [];
  calls = 0;
  private readonly survey: Survey;
  private readonly numbers = new Map<string, number>();
  private readonly shown = new Map<number, Set<string>>();
  private readonly asked: number[] = [];
  private readonly built = new Set<number>();
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
    this.globals.push(new PyGlobal(module, name));
    this.observe({ kind: "global", module, name, use: "import", at });
    return number;
  }

  /** Whether the arguments of another call of it are worth to be read. */
  wantsArguments(number: number): boolean {
    const asked = this.asked[number] ?? 0;
    const { module, name, path } = this.globals[number]!;
    if (asked === 0 && !codeMakers.has(path) && this.survey.asksArguments?.(module, name) === false)
      this.asked[number] = Number.POSITIVE_INFINITY;
    return (this.asked[number] ?? 0) < callsShown || judgedByArguments.has(path);
  }

  called(number: number, args: string | null, at: number): void {
    this.calls++;
    if (args === null) return;
    this.asked[number] = (this.asked[number] ?? 0) + 1;
    const shown = this.shown.get(number) ?? new Set();
    if (shown.has(args)) return;
    const { module, name, path } = this.globals[number]!;
    if (shown.size === 0 && codeMakers.has(path)) this.observe({ kind: "code", subject: path, detail: args, at });
    this.shown.set(number, shown.add(args));
    this.observe({ kind: "global", module, name, use: "call", args, at });
  }

  stateSet(number: number, at: number): void {
    if (this.built.has(number)) return;
    this.built.add(number);
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
