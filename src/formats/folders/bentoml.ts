// bentoml: a bento (a service with its models and environment) or a model of BentoML's store. Rule: bentoml/_internal/bento/bento.py,
// bentoml/_internal/models/model.py.
import { IngotError } from "../../core/index.ts";
import type { ModelDescription } from "../format.ts";
import { at, isArray, isObject, type JsonValue, textAt } from "../json/index.ts";
import type { Tree, TreeFormat } from "../tree.ts";
import { readYaml } from "../yaml/read.ts";

interface Bento {
  readonly kind: "bento" | "model";
  readonly root: JsonValue;
  readonly files: readonly string[];
}

const descriptions = { bento: "bento.yaml", model: "model.yaml" } as const;

export const bentoml: TreeFormat<Bento> = {
  id: "bentoml",
  title: "BentoML bento or model",
  async detect(tree) {
    const bento = await readBento(tree);
    if (bento === null) return false;
    const { kind, root } = bento;
    return textAt(root, ...(kind === "bento" ? ["bentoml_version"] : ["context", "bentoml_version"])) !== undefined;
  },
  async read(tree) {
    return (await readBento(tree))!;
  },
  describe: describeBento,
  async survey(tree, survey) {
    try {
      const { kind, root } = (await readBento(tree))!;
      const module = textAt(root, "module");
      if (kind === "model" && module !== undefined && !/^bentoml(\.|$)/.test(module))
        survey.observe({ kind: "remote-code", key: "module", value: module });
      const service = textAt(root, "service");
      if (kind === "bento" && service !== undefined)
        survey.observe({
          kind: "code",
          subject: `Python source file of the service ${service}`,
          detail: "runs when the bento is served: that is what a bento is",
        });
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      survey.observe({ kind: "anomaly", subject: "structure", detail: error.what });
    }
  },
};

async function readBento(tree: Tree): Promise<Bento | null> {
  for (const kind of ["bento", "model"] as const) {
    if (!tree.entries.some((entry) => entry.path === descriptions[kind] && entry.kind === "file")) continue;
    await using file = await tree.open(descriptions[kind]);
    return { kind, root: await readYaml(file), files: tree.entries.map(({ path }) => path) };
  }
  return null;
}

function describeBento({ kind, root, files }: Bento): ModelDescription {
  const facts: [string, string][] = [];
  const fact = (label: string, value: string | undefined) => {
    if (value) facts.push([label, value]);
  };
  const tag = `${textAt(root, "name") ?? "?"}:${textAt(root, "version") ?? "?"}`;
  const version = textAt(root, "bentoml_version") ?? textAt(root, "context", "bentoml_version");
  const models = at(root, "models");
  const routes = at(root, "schema", "routes");
  const signatures = at(root, "signatures");
  const frameworks = at(root, "context", "framework_versions");
  fact("service", textAt(root, "service"));
  fact("module", textAt(root, "module"));
  fact("models", isArray(models) ? models.map((model) => textAt(model, "tag") ?? "?").join(", ") : undefined);
  fact("routes", isArray(routes) ? routes.map((route) => textAt(route, "route") ?? "?").join(", ") : undefined);
  fact("methods", isObject(signatures) ? [...signatures.keys()].join(", ") : undefined);
  fact(
    "frameworks",
    isObject(frameworks)
      ? [...frameworks].map(([name, release]) => `${name} ${String(release)}`).join(", ")
      : undefined,
  );
  fact("Python", textAt(root, "context", "python_version") ?? textAt(root, "image", "python_version"));
  fact("files", files.join(", ").slice(0, 400));
  return {
    format: "bentoml",
    producer: { name: "BentoML", ...(version === undefined ? {} : { version }) },
    task: "unknown",
    summary: `${kind === "bento" ? "bento" : "model"} ${tag}`,
    inputs: [],
    outputs: [],
    facts,
  };
}
