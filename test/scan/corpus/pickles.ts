// Pickles that run something when they are loaded, in the ways that published attacks and bypasses used.
import { callPickle, joined, op, stackCallPickle } from "./pickle_writer.ts";
import { command, latin1, type Sample, u32, u64 } from "./sample.ts";

/** Callables that published payloads used, one file each: most were missing from the list of some scanner once. */
const gadgets: readonly (readonly [module: string, name: string, argument?: string])[] = [
  ["os", "system"],
  ["posix", "system"],
  ["nt", "system"],
  ["os", "popen"],
  ["os", "execv"],
  ["os", "remove", "/tmp/ingot-test-none"],
  ["subprocess", "Popen"],
  ["subprocess", "check_output"],
  ["subprocess", "getoutput"],
  ["builtins", "eval", "1+1"],
  ["builtins", "exec", "pass"],
  ["builtins", "compile", "pass"],
  ["builtins", "open", "/tmp/ingot-test-none"],
  ["builtins", "getattr", "system"],
  ["builtins", "__import__", "os"],
  ["builtins", "breakpoint"],
  ["builtins", "globals"],
  ["__builtin__", "eval", "1+1"],
  ["__builtin__", "apply"],
  ["pkgutil", "resolve_name", "os:system"],
  ["importlib", "import_module", "os"],
  ["importlib._bootstrap", "_gcd_import", "os"],
  ["imp", "load_source", "x"],
  ["operator", "methodcaller", "system"],
  ["operator", "attrgetter", "system"],
  ["_operator", "attrgetter", "system"],
  ["functools", "partial"],
  ["functools", "reduce"],
  ["types", "CodeType"],
  ["types", "FunctionType"],
  ["marshal", "loads"],
  ["pickle", "loads"],
  ["_pickle", "loads"],
  ["ctypes", "CDLL", "libc.so.6"],
  ["_ctypes", "dlopen", "libc.so.6"],
  ["socket", "create_connection", "localhost"],
  ["runpy", "run_path", "/tmp/ingot-test-none"],
  ["runpy", "_run_code", "pass"],
  ["pty", "spawn"],
  ["commands", "getoutput"],
  ["popen2", "popen2"],
  ["webbrowser", "open", "http://localhost/"],
  ["urllib.request", "urlopen", "http://localhost/"],
  ["http.client", "HTTPSConnection", "localhost"],
  ["requests.api", "get", "http://localhost/"],
  ["aiohttp.client", "request", "http://localhost/"],
  ["smtplib", "SMTP", "localhost"],
  ["imaplib", "IMAP4_stream"],
  ["uuid", "_get_command_stdout"],
  ["_osx_support", "_read_output"],
  ["_aix_support", "_read_cmd_output"],
  ["_pyrepl.pager", "pipe_pager"],
  ["test.support.script_helper", "assert_python_ok"],
  ["asyncio.unix_events", "_UnixSubprocessTransport._start"],
  ["pip", "main", "--version"],
  ["pip._internal.cli.main", "main", "--version"],
  ["pdb", "run", "pass"],
  ["bdb", "Bdb.run", "pass"],
  ["cProfile", "run", "pass"],
  ["timeit", "timeit", "pass"],
  ["trace", "Trace.run", "pass"],
  ["doctest", "debug_script", "pass"],
  ["code", "InteractiveInterpreter.runcode", "pass"],
  ["idlelib.pyshell", "ModifiedInterpreter.runcommand", "pass"],
  ["idlelib.run", "Executive.runcode", "pass"],
  ["lib2to3.pgen2.grammar", "Grammar.loads", "x"],
  ["logging.config", "_resolve", "os.system"],
  ["ensurepip", "_run_pip", "x"],
  ["distutils.file_util", "write_file", "/tmp/ingot-test-none"],
  ["shutil", "rmtree", "/tmp/ingot-test-none"],
  ["tempfile", "mktemp"],
  ["io", "FileIO", "/tmp/ingot-test-none"],
  ["_io", "FileIO", "/tmp/ingot-test-none"],
  ["linecache", "getlines", "/tmp/ingot-test-none"],
  ["sqlite3", "connect", "/tmp/ingot-test-none"],
  ["_interpreters", "run_string", "pass"],
  ["_xxsubinterpreters", "run_string", "pass"],
  ["multiprocessing.util", "spawnv_passfds"],
  ["torch.hub", "load", "x"],
  ["torch.jit.unsupported_tensor_ops", "execWrapper", "pass"],
  ["torch._inductor.codecache", "compile_file", "x"],
  ["torch.utils.collect_env", "run"],
  ["torch.utils.bottleneck.__main__", "run_cprofile", "pass"],
  ["torch.serialization", "load", "x"],
  ["torch.storage", "_load_from_bytes", "x"],
  ["torch.utils._config_module", "ConfigModule.load_config", "x"],
  ["torch.fx.experimental.symbolic_shapes", "ShapeEnv.evaluate_guards_expression", "1"],
  ["numpy.f2py.crackfortran", "param_eval", "1"],
  ["numpy.f2py.crackfortran", "myeval", "1"],
  ["numpy.testing._private.utils", "runstring", "pass"],
  ["numpy", "load", "/tmp/ingot-test-none"],
  ["numpy", "__builtins__"],
  ["pandas", "read_pickle", "/tmp/ingot-test-none"],
  ["pandas.core.computation.eval", "eval", "1"],
  ["joblib", "load", "/tmp/ingot-test-none"],
  ["sympy", "sympify", "1"],
  ["dill", "loads", "x"],
  ["cloudpickle", "loads", "x"],
  ["sklearn.utils._testing", "run"],
  ["sklearn", "os.system"],
  ["collections", "_sys.modules"],
  ["datetime", "sys.modules"],
  ["decimal", "_sys.modules"],
  ["unknown_package.module", "Thing"],
];

export function pickleSamples(): Sample[] {
  const samples: Sample[] = gadgets.map(([module, name, argument], index) => ({
    name: `pickle-${module}-${name}.${["pkl", "bin", "pt", "joblib", "dat", "weights"][index % 6]}`.replace(
      /[^\w.-]/g,
      "_",
    ),
    technique: `call of ${module}.${name}`,
    bytes:
      index % 2 === 0 && !name.includes(".")
        ? callPickle(module, name, argument)
        : stackCallPickle(module, name, argument),
    expect: "high",
  }));
  const system = op.global("os", "system");
  const call = joined(system, op.text(command), op.tuple1, op.reduce);
  const add = (name: string, technique: string, bytes: Uint8Array, expect: Sample["expect"] = "high") =>
    samples.push({ name, technique, bytes, expect });

  add("protocol-0.pkl", "protocol 0 is text", latin1(`cos\nsystem\n(S'${command}'\ntR.`));
  add("protocol-0.txt", "protocol 0 under the name of a text", latin1(`cos\nsystem\n(S'${command}'\ntR.`));
  add("protocol-1.pkl", "protocol 1", joined(system, op.mark, op.text(command), op.tuple, op.reduce, op.stop));
  add("protocol-3.pkl", "protocol 3", joined(op.proto(3), call, op.stop));
  add(
    "protocol-5.pkl",
    "protocol 5",
    joined(
      op.proto(5),
      op.shortText("os"),
      op.shortText("system"),
      op.stackGlobal,
      op.shortText(command),
      op.tuple1,
      op.reduce,
      op.stop,
    ),
  );
  add("inst.pkl", "opcode INST", latin1(`(S'${command}'\nios\nsystem\n.`));
  add("obj.pkl", "opcode OBJ", joined(op.mark, system, op.text(command), latin1("o"), op.stop));
  add(
    "obj-pop.pkl",
    "OBJ, then POP: the call leaves no trace on the stack",
    joined(op.mark, system, op.text(command), latin1("o"), op.pop, op.none, op.stop),
  );
  add(
    "newobj.pkl",
    "opcode NEWOBJ",
    joined(op.proto(2), op.global("subprocess", "Popen"), op.text(command), op.tuple1, op.newobj, op.stop),
  );
  add(
    "newobj-ex.pkl",
    "opcode NEWOBJ_EX",
    joined(
      op.proto(4),
      op.global("subprocess", "Popen"),
      op.text(command),
      op.tuple1,
      op.emptyDict,
      Buffer.from([0x92]),
      op.stop,
    ),
  );
  add(
    "build.pkl",
    "BUILD sets attributes of a module",
    joined(op.proto(4), op.global("sys", "modules"), op.emptyDict, op.build, op.stop),
  );
  for (const [code, bytes] of [
    ["ext1", Buffer.from([0x82, 7])],
    ["ext2", Buffer.from([0x83, 7, 1])],
    ["ext4", Buffer.from([0x84, 7, 1, 0, 0])],
  ] as const)
    add(
      `${code}.pkl`,
      "call through the registry of extensions",
      joined(op.proto(2), bytes, op.text(command), op.tuple1, op.reduce, op.stop),
    );
  add("persid.pkl", "PERSID outside of PyTorch", latin1("Pfile:///etc/hostname\n."));
  add("binpersid.pkl", "BINPERSID outside of PyTorch", joined(op.proto(2), op.text("file"), latin1("Q"), op.stop));
  add(
    "broken-after-call.pkl",
    "the call, then an opcode that does not exist",
    joined(op.proto(2), call, Buffer.from([0xff, 0xff])),
  );
  add("cut-after-call.pkl", "the call, then the file ends", joined(op.proto(2), call));
  add(
    "broken-after-call-0.pkl",
    "protocol 0: the call, then rubbish",
    latin1(`cos\nsystem\n(S'${command}'\ntR\xff\xfe\xfd`),
  );
  add("bad-memo.pkl", "GET of a slot that was never filled", joined(op.proto(2), op.binget(99), call, op.stop));
  add(
    "integer-as-module.pkl",
    "STACK_GLOBAL with an integer as module",
    joined(
      op.proto(4),
      Buffer.from([0x4b, 1]),
      op.shortText("system"),
      op.stackGlobal,
      op.text(command),
      op.tuple1,
      op.reduce,
      op.stop,
    ),
  );
  add(
    "second-pickle.pkl",
    "a second pickle behind the first",
    joined(op.proto(2), op.none, op.stop, op.proto(2), call, op.stop),
  );
  add(
    "fifth-pickle.pkl",
    "the fifth pickle in a row, as old PyTorch reads them",
    joined(...Array.from({ length: 4 }, () => joined(op.proto(2), op.none, op.stop)), op.proto(2), call, op.stop),
  );
  add(
    "bytes-in-pickle.pkl",
    "bytes that hold a pickle",
    joined(op.proto(3), op.bytes(callPickle("os", "system")), op.stop),
  );
  add(
    "load-from-bytes.pkl",
    "a pickle inside `_load_from_bytes`",
    joined(
      op.proto(3),
      op.global("torch.storage", "_load_from_bytes"),
      op.bytes(callPickle("os", "system")),
      op.tuple1,
      op.reduce,
      op.stop,
    ),
  );
  add(
    "memo-indirection.pkl",
    "module and name come out of the memo",
    joined(
      op.proto(4),
      op.shortText("os"),
      op.binput(1),
      op.pop,
      op.shortText("system"),
      op.binput(2),
      op.pop,
      op.binget(1),
      op.binget(2),
      op.stackGlobal,
      op.shortText(command),
      op.tuple1,
      op.reduce,
      op.stop,
    ),
  );
  add(
    "frame-short.pkl",
    "an argument straddles the end of its frame",
    joined(
      op.proto(4),
      op.frame(8),
      op.shortText("os"),
      op.shortText("system"),
      op.stackGlobal,
      op.shortText(command),
      op.tuple1,
      op.reduce,
      op.stop,
    ),
  );
  add(
    "frame-long.pkl",
    "a frame that is longer than the file",
    joined(op.proto(4), op.frame(1_000_000), op.none, op.stop),
  );
  add(
    "frame-huge.pkl",
    "a frame of 2^63 bytes",
    joined(op.proto(4), op.frame((2n ** 63n) as unknown as number), op.none, op.stop),
  );
  add(
    "huge-bytes.pkl",
    "BINBYTES8 of 2^63 bytes",
    joined(op.proto(4), Buffer.from([0x8e]), u64(2n ** 63n), op.stop),
    "unknown",
  );
  add("huge-text.pkl", "BINUNICODE of 4 GiB", joined(op.proto(2), latin1("X"), u32(0xffff_fff0), op.stop), "unknown");
  add("wrong-protocol.pkl", "a protocol that does not exist", joined(op.proto(9), call, op.stop), "unknown");
  add("proto-in-the-middle.pkl", "PROTO behind other opcodes", joined(op.none, op.pop, op.proto(2), call, op.stop));
  add("newline-name.pkl", "a name with a dot in protocol 4", stackCallPickle("collections", "abc.sys.modules"));
  add(
    "copyreg-add.pkl",
    "adds to the registry of extensions",
    joined(
      op.proto(2),
      op.global("copyreg", "add_extension"),
      op.text("os"),
      op.text("system"),
      op.tuple2,
      op.reduce,
      op.stop,
    ),
  );
  add(
    "ufunc-resolver.pkl",
    "numpy's resolver of ufuncs, with another module",
    joined(
      op.proto(2),
      op.global("numpy.core", "_ufunc_reconstruct"),
      op.text("os"),
      op.text("system"),
      op.tuple2,
      op.reduce,
      op.stop,
    ),
  );
  const ufunc = (module: string, name: string) =>
    joined(op.global("numpy.core", "_ufunc_reconstruct"), op.text(module), op.text(name), op.tuple2, op.reduce, op.pop);
  add(
    "ufunc-resolver-late.pkl",
    "the same behind many honest calls",
    joined(
      op.proto(2),
      ...Array.from({ length: 50 }, (_, i) => ufunc("numpy", `log${"abcdefgh"[i % 8]}${"xyzuvwq"[i % 7]}`)),
      ufunc("os", "system"),
      op.none,
      op.stop,
    ),
  );
  add(
    "unicode-name.pkl",
    "a name outside of ASCII",
    joined(
      op.proto(4),
      op.shortText("оs"),
      op.shortText("system"),
      op.stackGlobal,
      op.shortText(command),
      op.tuple1,
      op.reduce,
      op.stop,
    ),
  );
  const laughs = [op.proto(2), op.emptyList, op.binput(0), op.pop];
  for (let slot = 1; slot < 40; slot++)
    laughs.push(op.mark, op.binget(slot - 1), op.binget(slot - 1), op.tuple, op.binput(slot), op.pop);
  add("billion-laughs-call.pkl", "tuples that double in the memo, then the call", joined(...laughs, call, op.stop));
  add(
    "trailing.pkl",
    "bytes behind the pickle",
    joined(op.proto(2), op.none, op.stop, Buffer.alloc(64, 0xee)),
    "unknown",
  );
  add(
    "script-prefix.pkl",
    "a pickle with a script in front",
    joined(latin1("#!/bin/sh\n"), callPickle("os", "system")),
  );
  add(
    "own-main.pkl",
    "a name of `__main__` that resolves to a builtin",
    joined(
      op.proto(4),
      op.shortText("__main__"),
      op.shortText("__builtins__.eval"),
      op.stackGlobal,
      op.shortText("1"),
      op.tuple1,
      op.reduce,
      op.stop,
    ),
  );
  return samples;
}
