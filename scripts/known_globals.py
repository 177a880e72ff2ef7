"""Prints the classes and pure functions that honest pickles of the installed libraries name, as `module name` lines.

Run it with every environment whose versions should be known and feed all outputs to scripts/known_globals.ts:
    for python in .venv/*/bin/python; do $python scripts/known_globals.py; done | node scripts/known_globals.ts

A class is listed only under the module that defines it. Modules that run programs, fetch, load or import by name are left out,
and so is every name with an underscore pair.
"""
import importlib
import inspect
import pkgutil
import sys
import warnings

warnings.simplefilter("ignore")

LIBRARIES = ["sklearn", "scipy.sparse", "scipy.stats", "scipy.spatial", "scipy.interpolate", "numpy", "pandas",
             "xgboost", "lightgbm", "catboost", "imblearn", "category_encoders", "torch.nn.modules", "torch.optim"]
# Whatever touches files, processes, the network or the import system.
LEFT_OUT = ("test", "tests", "conftest", "_testing", "testing", "estimator_checks", "datasets", "setup", "distutils", "f2py",
            "io", "plotting", "externals", "parallel", "_parallel_backends", "_memmapping_reducer", "memory", "_store_backends",
            "disk", "pool", "executor", "compressor", "tracker", "dask", "spark", "rabit", "collective", "federated", "config",
            "_build_utils", "build_utils", "_config", "config_init", "deprecation", "fixes", "_show_versions", "clipboards",
            "computation", "ctypeslib", "_ctypeslib", "callback", "plotting", "libpath", "_distributor_init", "_isolated",
            "_repr_html", "_pprint", "_import_tools", "eval", "_decorators", "compat", "monitoring", "core_", "hub_utils", "cli",
            "_array_api", "array_api_compat", "array_api_extra", "widget", "utils_", "metaestimators", "logger", "func_inspect",
            "backports", "_deprecate", "hashing", "my_exceptions", "npyio", "_npyio_impl", "_datasource", "memmap", "_iotools", "_cloudpickle_wrapper", "cloudpickle_wrapper")
# Modules of functions that only compute: they are stored as parameters (FunctionTransformer, SelectKBest, make_scorer).
COMPUTE = ("sklearn.metrics", "sklearn.feature_selection._univariate_selection", "sklearn.feature_selection.univariate_selection",
           "sklearn.feature_selection._mutual_info", "sklearn.feature_selection.mutual_info_", "sklearn.decomposition._fastica",
           "sklearn.gaussian_process", "sklearn.neural_network._base", "scipy.special")
# Whole modules and single classes that reach further than their neighbours.
LEFT_OUT_MODULES = ("numpy._pytesttester", "numpy.__config__", "catboost.plot_helpers", "lightgbm.engine", "xgboost.data",
                    "xgboost.training", "catboost.utils", "numpy.array_api")
LEFT_OUT_CLASSES = ("memmap", "HDFStore", "ExcelFile", "ExcelWriter", "TextReader", "StataReader", "SASReader", "JsonReader", "ReadPickleBuffer",
                    "ReadCsvBuffer", "WriteExcelBuffer", "Pool", "_TempFile", "_StreamLikeWrapper", "_CustomLoggersStack", "_Stream", "_ctypes",
                    "dummy_ctype", "_missing_ctypes", "polars", "Hnsw", "OnlineHnsw", "PyperclipException", "PyperclipWindowsException",
                    "BaseExecutionEngine", "Memory", "MemorizedFunc", "Parallel", "DataSource", "DMatrix", "QuantileDMatrix", "DeviceQuantileDMatrix", "ExtMemQuantileDMatrix")


def modules(library):
    try:
        package = importlib.import_module(library)
    except Exception:
        return
    yield package
    if not hasattr(package, "__path__"):
        return
    for info in pkgutil.walk_packages(package.__path__, library + ".", onerror=lambda name: None):
        parts = info.name.split(".")
        if any(part in LEFT_OUT or part.startswith("test_") or part == "__main__" for part in parts):
            continue
        if info.name.startswith(LEFT_OUT_MODULES):
            continue
        try:
            yield importlib.import_module(info.name)
        except BaseException:
            continue


found = set()
for library in LIBRARIES:
    for module in modules(library):
        for name, value in list(vars(module).items()):
            if "__" in name or not isinstance(name, str):
                continue
            home = getattr(value, "__module__", None)
            if not isinstance(home, str) or any(part in LEFT_OUT for part in home.split(".")):
                continue
            plain = getattr(value, "__name__", None) == name
            if inspect.isclass(value) and home == module.__name__ and plain and name not in LEFT_OUT_CLASSES:
                found.add((home, name))
            elif callable(value) and not inspect.isclass(value) and plain and home == module.__name__ and home.startswith(COMPUTE):
                if not name.startswith(("load", "fetch", "check", "plot", "get_", "save", "open")):
                    found.add((home, name))
            elif type(value).__name__ == "ufunc" and module.__name__ in ("numpy", "scipy.special"):
                found.add((module.__name__, name))

for home, name in sorted(found):
    print(home, name)
print(f"{len(found)} names", file=sys.stderr)
