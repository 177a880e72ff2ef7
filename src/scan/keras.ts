// Who an object of a Keras configuration is: by the module it is taken from and the name it has there.

export type KerasKind = "safe" | "lambda" | "dangerous" | "custom" | "registered";

/** Packages inside Keras that hold nothing but layers, losses, metrics, optimizers and their parts. */
const safeModules =
  /^(tf_keras|keras|tensorflow\.keras|tensorflow\.python\.keras|tf\.keras)(\.src)?(\.engine)?(\.(layers|models|activations|initializers|regularizers|constraints|losses|metrics|optimizers|dtype_policies|mixed_precision|legacy|quantizers|random|engine|callbacks|applications|initializers_v1|optimizer_v2|optimizer_v1|optimizer_experimental|schedules|core|feature_column|saving\.object_registration|models\.\w+|\w+_v\d))*(\.[a-z_0-9]+)*$/;
/** Modules that import, fetch, load and register. */
const dangerousModules =
  /(^|\.)(config|utils|saving|export|backend|callbacks|distribution|tree|wrappers|ops\.io|legacy\.saving|datasets)(\.|$)/;
const dangerousNames =
  /^(enable_unsafe_deserialization|get_file|load_\w+|deserialize\w*|TorchModuleWrapper|FlaxLayer|JaxLayer|TFSMLayer|SKLearn\w+|eval|exec|compile|system|__\w+)$/;
const builtinModules = /^(builtins|__builtin__)$/;

export function kerasObject({ module, name }: { readonly module: string; readonly name: string }): KerasKind {
  if (/^(.*>)?(Lambda|__lambda__)$/.test(name) || name === "__lambda__") return "lambda";
  if (dangerousNames.test(name) || name.split(".").some((part) => dangerousNames.test(part))) return "dangerous";
  if (builtinModules.test(module))
    return /^(dict|list|tuple|int|float|str|bool|slice|function)$/.test(name) ? "safe" : "dangerous";
  if (
    /^(os|sys|subprocess|shutil|importlib|runpy|pickle|marshal|socket|ctypes|posix|nt|types|operator|functools|pkgutil)(\.|$)/.test(
      module,
    )
  )
    return "dangerous";
  if (module === "" || module === "null" || module === "None" || module === "__main__")
    return name.includes(">") ? "registered" : "safe";
  if (/^(tf_|tensorflow\.)?(python\.)?keras/.test(module) || safeModules.test(module))
    return dangerousModules.test(module) ? "dangerous" : safeModules.test(module) ? "safe" : "custom";
  return "custom";
}
