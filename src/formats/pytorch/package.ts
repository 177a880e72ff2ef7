// torch-package: what torch.package.PackageExporter writes, a zip of pickles, storages and the Python modules that they need. Rule:
// torch/package/package_exporter.py, _directory_reader.py. Loading it imports its modules.
import { IngotError } from "../../core/index.ts";
import { readPickle } from "../pickle/machine.ts";
import { surveyPickles } from "../pickle/survey.ts";
import type { StoredTensor } from "../tensors.ts";
import type { Tree, TreeFormat } from "../tree.ts";
import { type Checkpoint, describeCheckpoint } from "./describe.ts";
import { tensorsIn } from "./tensors.ts";

interface TorchPackage extends Checkpoint {
  readonly modules: readonly string[];
  readonly outside: readonly string[];
  readonly python: string | null;
}

const largestPickle = 256 * 2 ** 20;
const largestText = 1 << 20;

export const torchPackage: TreeFormat<TorchPackage> = {
  id: "torch-package",
  title: "PyTorch package",
  detect: (tree) => tree.container === "zip" && tree.entries.some(({ path }) => path === ".data/extern_modules"),
  async read(tree) {
    const storage = /^\.data\/(.+)\.storage$/;
    const sizes = new Map(
      tree.entries.flatMap(({ path, size }) => {
        const [, key] = storage.exec(path) ?? [];
        return key === undefined ? [] : [[key, size] as const];
      }),
    );
    const tensors: StoredTensor[] = [];
    const globals: string[] = [];
    for (const path of filesOf(tree).filter((one) => one.endsWith(".pkl"))) {
      await using file = await tree.open(path);
      const pickle = readPickle(await file.readAll(largestPickle), `${tree.name}!/${path}`);
      tensors.push(...tensorsIn(pickle.value, sizes, tree.name));
      globals.push(...pickle.globals.map((global) => global.path));
    }
    return {
      source: tree.name,
      format: "torch-package",
      root: "package",
      tensors,
      code: 0,
      globals,
      modules: filesOf(tree).filter((path) => path.endsWith(".py")),
      outside: (await textOf(tree, ".data/extern_modules"))?.split("\n").filter((line) => line !== "") ?? [],
      python: (await textOf(tree, ".data/python_version"))?.trim() ?? null,
    };
  },
  describe(model) {
    const description = describeCheckpoint(model);
    return {
      ...description,
      facts: [
        ...description.facts,
        ["modules", model.modules.join(", ") || "none"],
        ["imports of the machine", model.outside.join(", ") || "none"],
        ...(model.python === null ? [] : [["Python", model.python] as const]),
      ],
    };
  },
  async survey(tree, survey) {
    for (const path of filesOf(tree).filter((one) => one.endsWith(".py")))
      survey.observe({
        kind: "code",
        subject: `Python module ${path} of a PyTorch package`,
        detail: "imported, and so run, when the package is loaded",
      });
    try {
      await torchPackage.read(tree);
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      survey.observe({ kind: "anomaly", subject: "structure", detail: error.what });
    }
  },
  memberSurvey(_tree, path) {
    if (path.endsWith(".pkl"))
      return {
        isRaw: false,
        survey: async (file, survey) => void (await surveyPickles(file, survey, { persistent: true })),
      };
    if (!/^\.data\/.+\.storage$/.test(path)) return undefined;
    return { isRaw: true, survey: async (file, survey) => survey.covered(0, file.size) };
  },
};

function filesOf(tree: Tree): string[] {
  return tree.entries.filter(({ kind }) => kind === "file").map(({ path }) => path);
}

async function textOf(tree: Tree, path: string): Promise<string | null> {
  if (!filesOf(tree).includes(path)) return null;
  await using file = await tree.open(path);
  return Buffer.from(await file.readAll(largestText)).toString("utf8");
}
