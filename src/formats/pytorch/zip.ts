// pytorch: what torch.save writes since 1.6, a zip of one pickle and one file per storage; a TorchScript program is the same with source
// files. Rule: torch/serialization.py (_save, persistent_id), torch/csrc/jit/serialization/import.cpp.
import { IngotError } from "../../core/index.ts";
import { readPickle } from "../pickle/machine.ts";
import { surveyPickles } from "../pickle/survey.ts";
import type { Survey } from "../survey.ts";
import type { MemberSurvey, Tree, TreeFormat } from "../tree.ts";
import { type Checkpoint, describeCheckpoint } from "./describe.ts";
import { rootName, tensorsIn } from "./tensors.ts";

/** Names and shapes only: the numbers lie beside it. */
const largestPickle = 256 * 2 ** 20;

interface Layout {
  /** `<name>/`, in which everything lies. */
  readonly folder: string;
  /** Source files of TorchScript. */
  readonly code: readonly string[];
  readonly isScript: boolean;
}

export const pytorch: TreeFormat<Checkpoint> = {
  id: "pytorch",
  title: "PyTorch",
  detect: (tree) => tree.container === "zip" && layoutOf(tree) !== null,
  async read(tree) {
    const { folder, code } = layoutOf(tree)!;
    const path = `${folder}data.pkl`;
    await using file = await tree.open(path);
    const { value, globals } = readPickle(await file.readAll(largestPickle), `${tree.name}!/${path}`);
    const sizes = new Map(
      tree.entries
        .filter(({ path: one }) => one.startsWith(`${folder}data/`))
        .map((entry) => [entry.path.slice(folder.length + 5), entry.size]),
    );
    return {
      source: tree.name,
      format: "pytorch",
      root: rootName(value),
      tensors: tensorsIn(value, sizes, tree.name),
      code: code.length,
      globals: globals.map((global) => global.path),
    };
  },
  describe: describeCheckpoint,
  async survey(tree, survey) {
    try {
      await pytorch.read(tree);
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      survey.observe({ kind: "anomaly", subject: "structure", detail: error.what });
    }
    for (const path of layoutOf(tree)?.code ?? [])
      survey.observe({
        kind: "code",
        subject: `TorchScript source file ${path}`,
        detail: "runs in PyTorch's own interpreter when the model is called",
      });
  },
  memberSurvey(tree, path) {
    const layout = layoutOf(tree);
    if (!layout?.folder || !path.startsWith(layout.folder)) return undefined;
    return memberSurvey(layout, path.slice(layout.folder.length));
  },
};

/** Ids of storages mean something only here, and storages are numbers, whatever they look like. */
function memberSurvey({ isScript }: Layout, member: string): MemberSurvey | undefined {
  if (/^(data|constants|bytecode)\.pkl$/.test(member) || (isScript && /^code\/.*\.debug_pkl$/.test(member)))
    return {
      isRaw: false,
      async survey(file, survey) {
        await surveyPickles(file, isScript ? withoutOwnTypes(survey) : survey, { persistent: true });
      },
    };
  if (!/^(data|constants)\//.test(member)) return undefined;
  return { isRaw: true, survey: async (file, survey) => survey.covered(0, file.size) };
}

/**
 * `__torch__.…` are types that the program itself defines. PyTorch reads these pickles with a reader of its own, which looks such names up
 * in the program and imports nothing.
 */
function withoutOwnTypes(survey: Survey): Survey {
  return {
    covered: (start, end) => survey.covered(start, end),
    reading: (id) => survey.reading?.(id),
    nested: (name, file) => survey.nested(name, file),
    observe(observation) {
      if (observation.kind !== "global" || !/^__torch__(\.|$)/.test(observation.module)) survey.observe(observation);
    },
  };
}

const layouts = new WeakMap<Tree, { readonly layout: Layout | null }>();

/** `<name>/data.pkl` beside `<name>/version`; null where there is none. Asked once per member, found once. */
function layoutOf(tree: Tree): Layout | null {
  const before = layouts.get(tree);
  if (before) return before.layout;
  const names = new Set(tree.entries.map(({ path }) => path));
  const data = [...names].find(
    (path) => /^[^/]+\/data\.pkl$/.test(path) && names.has(`${path.slice(0, -"data.pkl".length)}version`),
  );
  let layout: Layout | null = null;
  if (data !== undefined) {
    const folder = data.slice(0, -"data.pkl".length);
    const code = [...names].filter((path) => path.startsWith(`${folder}code/`) && path.endsWith(".py"));
    layout = { folder, code, isScript: code.length > 0 && names.has(`${folder}constants.pkl`) };
  }
  layouts.set(tree, { layout });
  return layout;
}
