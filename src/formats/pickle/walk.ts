// A pickle walked for a survey: the whole stack model over windows of the file, payloads skipped, memory bounded.
import { counted, type Soon, soon } from "../../core/index.ts";
import type { FileSource } from "../format.ts";
import { PyObject, PyTuple } from "../python/values.ts";
import type { Survey } from "../survey.ts";
import { globalOf, globalValue, isGlobal, isObject, kindCodes, opaque } from "./abstract_values.ts";
import { bombsIn } from "./bombs.ts";
import { mayBePickle, memoFull, type Registers, runDataOpcodes } from "./data_opcodes.ts";
import { leafParts, preview } from "./leaf.ts";
import { largestText, surveyNested } from "./nested.ts";
import { mapped } from "./python2_names.ts";
import { Recall } from "./recall.ts";
import { integerText, shortText } from "./text.ts";
import type { Walked, WalkOptions } from "./walked.ts";
import { Broken, Missing, Window } from "./window.ts";
import { Witness } from "./witness.ts";
import { Workspace } from "./workspace.ts";

/**
 * Surveys one pickle: covers it up to STOP or to where it breaks, and tells what it imports and calls. Never throws for its bytes. Done at
 * once where the file is in memory, and so is what its arrays ask for.
 */
export function walkPickle(file: FileSource, survey: Survey, options: WalkOptions = {}): Soon<Walked> {
  return new Walk(file, survey, options).run();
}

class Walk {
  private readonly survey: Survey;
  private readonly options: WalkOptions;
  private readonly witness: Witness;
  private readonly space = Workspace.take();
  private readonly window: Window;
  private readonly recall: Recall;
  private readonly r: Registers;
  private readonly start: number;
  private protocol = 0;
  private frameEnd = Infinity;
  private coveredFrom: number;

  constructor(file: FileSource, survey: Survey, options: WalkOptions) {
    this.survey = survey;
    this.options = options;
    this.witness = new Witness(survey);
    this.start = options.start ?? 0;
    const end = Math.min(options.end ?? file.size, file.size);
    this.window = new Window(file, this.start, end, options.window, this.space);
    this.recall = new Recall(this.window, this.witness.globals);
    this.coveredFrom = this.start;
    this.r = this.window.r;
  }

  run(): Soon<Walked> {
    let waiting: Promise<void> | null;
    try {
      waiting = this.begin();
    } catch (error) {
      return this.ended(error);
    }
    return waiting ? this.runSlowly(waiting) : this.ended(null);
  }

  /** Goes on whenever what it waits for has come. */
  private async runSlowly(first: Promise<void>): Promise<Walked> {
    try {
      for (let waiting: Promise<void> | null = first; waiting; waiting = this.toStop()) await waiting;
    } catch (error) {
      return this.ended(error);
    }
    return this.ended(null);
  }

  /** @param error why it stands where it stands, null where it came to STOP */
  private ended(error: unknown): Walked {
    const complete = error === null;
    if (!complete) {
      if (!(error instanceof Broken)) throw error;
      const calls = this.witness.calls;
      const at = Math.min(this.window.offset, this.window.end);
      this.witness.anomaly(
        `broken after ${counted(calls, "call")}: ${error.message}`,
        at,
        at >= this.window.end ? "truncated" : "pickle",
      );
      this.witness.observe({ kind: "unread", detail: `the pickle breaks at byte ${at}: ${error.message}` });
    }
    for (const detail of bombsIn(this.r)) this.witness.anomaly(detail, this.start);
    const end = Math.min(this.window.offset, this.window.end);
    this.survey.covered(this.coveredFrom, end);
    this.space.giveBack();
    return { end, complete, protocol: this.protocol, calls: this.witness.calls, globals: this.witness.globals };
  }

  private begin(): Promise<void> | null {
    const filling = this.window.fill();
    return filling instanceof Promise ? filling : this.toStop();
  }

  /** Runs up to STOP (null), or until it has to wait. @throws Broken */
  private toStop(): Promise<void> | null {
    const { r } = this;
    for (;;) {
      this.atFrameEnd();
      r.limit = this.window.limit(this.frameEnd);
      const opcode = runDataOpcodes(r);
      if (opcode === -2) throw new Broken(r.broken ?? "broken");
      if (opcode === -1) {
        if (this.window.offset > this.window.end) throw new Broken("a payload reaches beyond the end");
        if (this.window.offset === this.window.end) throw new Broken("it ends without STOP");
        if (this.window.offset < this.frameEnd) {
          const filling = this.window.fill();
          if (filling instanceof Promise) return filling;
        }
        continue;
      }
      if (opcode === 0x2e) {
        this.need(1);
        r.at++;
        if (this.frameEnd !== Infinity && this.frameEnd !== this.window.offset)
          this.witness.anomaly("STOP does not end its frame", this.window.offset - 1);
        return null;
      }
      const waiting = this.special(opcode);
      if (waiting instanceof Promise) return waiting;
    }
  }

  /** One opcode that is more than data, and what it entails. Comes back to the opcode where it needs more of the file. */
  private special(opcode: number): Soon<void> {
    const { at } = this.r;
    const later = this.tried(opcode);
    if (later) {
      this.r.at = at;
      return later.offset < 0 ? this.window.fill() : this.recall.load(later.offset);
    }
    const more = this.after;
    if (!more) return;
    this.after = null;
    return more();
  }

  /** What is to be done once the opcode at hand is. */
  private after: (() => Soon<void>) | null = null;

  private tried(opcode: number): Missing | null {
    try {
      this.step(opcode);
      return null;
    } catch (error) {
      if (error instanceof Missing) return error;
      throw error;
    }
  }

  private step(opcode: number): void {
    const { r } = this;
    switch (opcode) {
      case 0x80: {
        // PROTO
        if (this.window.offset !== this.start)
          this.witness.anomaly("PROTO in the middle of the stream", this.window.offset, "duplicate");
        this.protocol = r.bytes[r.at + 1]!;
        if (this.protocol > 5) throw new Broken(`unknown protocol ${this.protocol}`);
        r.at += 2;
        return;
      }
      case 0x95: {
        // FRAME
        const length = this.window.length8(r.at + 1);
        if (this.frameEnd !== Infinity) this.witness.anomaly("a frame begins inside a frame", this.window.offset);
        r.at += 9;
        if (length > this.window.end - this.window.offset)
          throw new Broken(`a frame of ${length} bytes, ${this.window.end - this.window.offset} left`);
        this.frameEnd = this.window.offset + length;
        return;
      }
      case 0x49: // INT
      case 0x4c: // LONG
      case 0x46: // FLOAT
      case 0x53: // STRING
      case 0x56: // UNICODE
        this.line(r.at + 1, (end) => {
          this.window.push(this.window.offset);
          r.at = end + 1;
        });
        return;
      case 0x67: // GET
      case 0x70: // PUT
        this.memoLine(opcode);
        return;
      case 0x8c:
      case 0x58:
      case 0x8d:
      case 0x43:
      case 0x42:
      case 0x8e:
      case 0x96:
      case 0x55:
      case 0x54:
      case 0x8b:
        this.payload(opcode);
        return;
      case 0x63: // GLOBAL
      case 0x69: // INST
        this.namedByLines(opcode);
        return;
      case 0x93: // STACK_GLOBAL
        this.stackGlobal();
        return;
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        this.call(2);
        return;
      case 0x92: // NEWOBJ_EX
        this.call(3);
        return;
      case 0x6f: // OBJ
        this.callMarked();
        return;
      case 0x62: // BUILD
        this.build();
        return;
      case 0x50: // PERSID
      case 0x51: // BINPERSID
        this.persistent(opcode);
        return;
      case 0x82: // EXT1
      case 0x83: // EXT2
      case 0x84: // EXT4
        this.witness.anomaly(
          "a name out of the copyreg extension registry: what it is cannot be known",
          this.window.offset,
        );
        this.window.push(opaque);
        r.at += opcode === 0x82 ? 2 : opcode === 0x83 ? 3 : 5;
        return;
      default:
        throw new Broken(`unknown opcode 0x${opcode.toString(16).padStart(2, "0")}`);
    }
  }

  private payload(opcode: number): void {
    const { r } = this;
    const { header, payload } = leafParts(r.bytes, r.at)!;
    const start = this.window.offset + header;
    if (payload < 0 || payload > this.window.end - start)
      throw new Broken(`a payload of ${payload} bytes, ${this.window.end - start} left`);
    const [first, second] = [r.bytes[r.at + header]!, r.bytes[r.at + header + 1]!];
    this.window.push(this.window.offset);
    r.at += header + payload;
    const isText = opcode === 0x8c || opcode === 0x58 || opcode === 0x8d;
    if (opcode === 0x8b || payload < 8) return;
    if (isText ? first === 0xc2 && second === 0x80 && payload <= largestText : mayBePickle(first, second))
      this.after = () => {
        const { witness, survey } = this;
        const { file } = this.window;
        const depth = (this.options.depth ?? 0) + 1;
        return surveyNested({ file, start, end: start + payload, isText, depth, witness, survey }, walkPickle);
      };
  }

  private memoLine(opcode: number): void {
    const { r } = this;
    this.line(r.at + 1, (end) => {
      const index = Number(integerText(latin1(r.bytes, r.at + 1, end)) ?? -1);
      if (index < 0) throw new Broken("a memo number that is none");
      if (opcode === 0x70) {
        if (!r.memo.set(index, this.window.top())) throw new Broken(memoFull);
      } else {
        const value = r.memo.get(index);
        if (Number.isNaN(value)) throw new Broken("a memo entry that was never set");
        this.window.push(value);
      }
      r.at = end + 1;
    });
  }

  private namedByLines(opcode: number): void {
    const { r } = this;
    this.line(r.at + 1, (first) =>
      this.line(first + 1, (second) => {
        const global = this.global(latin1(r.bytes, r.at + 1, first), latin1(r.bytes, first + 1, second));
        if (opcode === 0x63) this.window.push(global);
        else {
          const mark = this.window.mark();
          const args = r.ring.container(kindCodes.tuple, r.stack, mark, r.depth);
          const made = this.made(global, args);
          this.window.leaveMark();
          r.depth = mark;
          this.window.push(made);
        }
        r.at = second + 1;
      }),
    );
  }

  private stackGlobal(): void {
    const { r } = this;
    this.window.has(2);
    const [module, name] = [r.stack[r.depth - 2]!, r.stack[r.depth - 1]!];
    const moduleName = module >= 0 ? this.recall.value(module) : null;
    const ownName = name >= 0 ? this.recall.value(name) : null;
    let global: number;
    if (typeof moduleName === "string" && typeof ownName === "string") global = this.global(moduleName, ownName);
    else if (isObject(module) || isObject(name) || module === opaque || name === opaque) {
      this.witness.anomaly("the name of an import is computed by a call", this.window.offset);
      global = this.global(
        typeof moduleName === "string" ? moduleName : "?",
        typeof ownName === "string" ? ownName : "?",
      );
    } else throw new Broken("STACK_GLOBAL wants text");
    r.depth -= 2;
    this.window.push(global);
    r.at++;
  }

  private global(module: string, name: string): number {
    const [realModule, realName] = this.protocol < 3 ? mapped(module, name) : [module, name];
    return globalValue(this.witness.imported(realModule, realName, this.window.offset));
  }

  private call(operands: number): void {
    const { r } = this;
    this.window.has(operands);
    const made = this.made(r.stack[r.depth - operands]!, r.stack[r.depth - operands + 1]!);
    r.depth -= operands;
    this.window.push(made);
    r.at++;
  }

  private callMarked(): void {
    const { r } = this;
    const mark = this.window.mark();
    if (r.depth - mark < 1) throw new Broken("OBJ without a class");
    const args = r.ring.container(kindCodes.tuple, r.stack, mark + 1, r.depth);
    const made = this.made(r.stack[mark]!, args);
    this.window.leaveMark();
    r.depth = mark;
    this.window.push(made);
    r.at++;
  }

  /** The object that a call makes, which is told. May ask for leaves: nothing is changed before they are there. */
  private made(callable: number, args: number): number {
    const { r, witness } = this;
    const number = globalOf(callable);
    if (number < 0) {
      witness.anomaly("a call of something that is no class or function", this.window.offset);
      witness.calls++;
      return opaque;
    }
    const shown = witness.wantsArguments(number) ? preview(this.recall.value(args)) : null;
    const isDtype = witness.about(number).isDtype && isGlobal(callable);
    const dtypeArgs = isDtype ? this.recall.value(args) : null;
    witness.called(number, isObject(callable) && shown !== null ? `(…)${shown}` : shown, this.window.offset);
    const object = r.ring.object(number, args);
    if (dtypeArgs instanceof PyTuple) this.recall.keep(object, new PyObject(witness.globals[number]!, dtypeArgs.items));
    return object;
  }

  private build(): void {
    const { r, witness } = this;
    this.window.has(2);
    const [object, state] = [r.stack[r.depth - 2]!, r.stack[r.depth - 1]!];
    const number = globalOf(object);
    const kept = this.recall.keptObject(object);
    const wanted = this.options.onBuild && number >= 0 && witness.about(number).isWrapper;
    const whole = kept || wanted ? this.recall.value(state) : null;
    if (number >= 0) witness.stateSet(number, this.window.offset);
    if (isGlobal(object)) witness.anomaly("attributes are set on a class or module itself", this.window.offset);
    if (kept && kept.state === undefined) kept.state = whole;
    r.ring.build(object, state);
    r.depth--;
    r.at++;
    if (!wanted) return;
    const wrapper = new PyObject(witness.globals[number]!, []);
    wrapper.state = whole;
    this.after = () => this.skipRaw(wrapper);
  }

  private skipRaw(wrapper: PyObject): Soon<void> {
    const at = this.window.offset;
    return soon(this.options.onBuild!(wrapper, at), (next) => this.skipTo(at, next));
  }

  private skipTo(at: number, next: number | null): void {
    if (next === null) return;
    if (!(next >= at && next <= this.window.end)) throw new Broken("the bytes of an array reach beyond the end");
    this.survey.covered(this.coveredFrom, at);
    this.coveredFrom = next;
    this.atFrameEnd();
    this.r.at += next - at;
  }

  private persistent(opcode: number): void {
    const { r } = this;
    if (!this.options.persistent)
      this.witness.anomaly("an object that only the program behind it can find", this.window.offset);
    if (opcode === 0x51) {
      this.window.has(1);
      r.stack[r.depth - 1] = opaque;
      r.at++;
      return;
    }
    this.line(r.at + 1, (end) => {
      this.window.push(opaque);
      r.at = end + 1;
    });
  }

  /** Calls with the position of the next line end, or comes back with more of the file. */
  private line(from: number, then: (end: number) => void): void {
    const { r, window } = this;
    const end = window.lineEnd(from);
    if (end >= 0) {
      then(end);
      return;
    }
    const opcode = r.bytes[r.at]!;
    if (opcode !== 0x53 && opcode !== 0x56) throw new Broken("a line longer than any name or number");
    this.window.push(window.offset);
    this.after = () => window.skipLine();
  }

  private atFrameEnd(): void {
    if (this.window.offset < this.frameEnd) return;
    if (this.window.offset > this.frameEnd) this.witness.anomaly("an argument reaches beyond its frame", this.frameEnd);
    this.frameEnd = Infinity;
  }

  private need(bytes: number): void {
    if (this.window.offset + bytes > this.window.end) throw new Broken("it ends without STOP");
    this.window.has(1);
  }
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  const short = end - start < 256 ? shortText(bytes, start, end) : null;
  if (short !== null) return short;
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}
