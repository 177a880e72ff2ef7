// What honest pickles name of Python itself, and what none of them has a reason to name.

/** Exact names that only build values. Names of Python 2 stand beside those of Python 3. */
export const safeStandard: Readonly<Record<string, string>> = {
  builtins:
    "bool bytearray bytes complex dict float frozenset int list object range set slice str tuple Ellipsis NotImplemented " +
    "ValueError TypeError KeyError IndexError RuntimeError AttributeError Exception ArithmeticError ZeroDivisionError " +
    "abs max min sum len round sorted all any divmod pow reversed zip enumerate",
  __builtin__:
    "bool bytearray bytes complex dict float frozenset int list long object range set slice str tuple unicode xrange " +
    "abs max min sum len round",
  collections: "OrderedDict defaultdict Counter deque ChainMap",
  copyreg: "_reconstructor __newobj__ __newobj_ex__",
  copy_reg: "_reconstructor __newobj__ __newobj_ex__",
  datetime: "date datetime time timedelta timezone",
  decimal: "Decimal",
  fractions: "Fraction",
  uuid: "UUID SafeUUID",
  pathlib: "Path PurePath PosixPath PurePosixPath WindowsPath PureWindowsPath",
  "pathlib._local": "Path PurePath PosixPath PurePosixPath WindowsPath PureWindowsPath",
  string: "Formatter Template",
  types: "SimpleNamespace",
  math: "sqrt log log10 log2 log1p exp expm1 sin cos tan tanh floor ceil fabs isnan isinf",
  random: "Random",
  zoneinfo: "ZoneInfo",
  // Bytes in protocols 0 to 2.
  _codecs: "encode",
  array: "array _array_reconstructor",
  re: "_compile Pattern RegexFlag",
};

/** Modules that run programs, read and write files, reach the network or import by name: each takes its submodules along. */
export const dangerousModules: ReadonlySet<string> = new Set(
  (
    "os nt posix posixpath ntpath subprocess popen2 commands sys pty shutil socket socketserver ssl select selectors asyncio runpy " +
    "pickle _pickle cPickle shelve marshal importlib imp pkgutil code codeop codecs ctypes _ctypes cffi platform webbrowser " +
    "urllib urllib2 http httplib ftplib smtplib poplib imaplib nntplib telnetlib xmlrpc xmlrpclib email mailcap pip _pip setuptools distutils ensurepip " +
    "venv multiprocessing concurrent threading _thread thread signal bdb pdb cProfile profile trace timeit doctest unittest test idlelib " +
    "lib2to3 pydoc cgi cgitb tempfile glob fileinput io _io builtins __builtin__ operator _operator functools itertools inspect " +
    "types ast dis gc atexit site sysconfig _sysconfigdata zipimport zipfile tarfile zipapp gzip bz2 lzma sqlite3 dbm mmap fcntl " +
    "resource pwd grp crypt readline rlcompleter cmd tkinter turtle logging weakref typing dataclasses linecache tokenize " +
    "pyexpat xml plistlib configparser netrc nturl2path py_compile compileall modulefinder symtable tabnanny getpass " +
    "numpy.f2py numpy.distutils numpy.testing numpy.lib.npyio numpy.ctypeslib torch.hub torch.utils.cpp_extension torch.serialization " +
    "torch.jit torch.package torch.storage torch.distributed torch._dynamo torch._inductor torch.utils.bottleneck torch.utils.collect_env torch.utils.data torch.fx cloudpickle dill keras.config keras.saving " +
    "requests aiohttp httpx paramiko fabric fsspec joblib.memory joblib.parallel joblib.externals sympy pandas.io pandas.core.computation " +
    "pandas.eval scipy._lib._ccallback pydoc_data ftputil pexpect sh plumbum nose pytest py IPython jupyter"
  )
    .split(/\s+/)
    .filter((name) => name !== ""),
);

/** Python's own modules besides the dangerous ones: no model needs them, and any of them may hold the next gadget. */
export const standardModules: ReadonlySet<string> = new Set(
  (
    "abc aifc antigravity argparse array asynchat asyncore audioop base64 binascii binhex bisect calendar chunk cmath collections colorsys " +
    "compression contextlib contextvars copy copyreg copy_reg csv curses datetime decimal difflib encodings enum errno faulthandler filecmp fnmatch " +
    "formatter fractions genericpath getopt gettext graphlib hashlib heapq hmac html imghdr ipaddress json keyword locale lzma macpath " +
    "mailbox math mimetypes numbers opcode optparse ossaudiodev parser pathlib pickletools pipes poplib pprint pyclbr queue quopri random " +
    "re reprlib sched secrets sets sgmllib shlex smtpd sndhdr spwd sre_compile sre_constants sre_parse stat statistics string stringprep struct sunau " +
    "syslog tabnanny termios textwrap this time token tomllib traceback tracemalloc tty unicodedata uu uuid warnings " +
    "wave winreg winsound wsgiref xdrlib zipfile zlib zoneinfo msilib msvcrt"
  ).split(/\s+/),
);
