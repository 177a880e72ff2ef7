// Rules on names and imports: what makes a file no valid ONNX graph.
import { checkPath, IngotError } from "../../core/index.ts";
import type { Graph, Model, Node } from "../model.ts";
import { plainDomain } from "../opset_changes.ts";
import { Scope } from "../scope.ts";
import { nestedGraphs, nodesOf, tensorsOf } from "../walk.ts";
import { type LintRule, nodeWhere } from "./rule.ts";

interface NameIssue {
  readonly kind: "duplicate" | "undefined";
  readonly message: string;
  readonly where: string;
}

/** One walk finds values that are made twice and values that are read before anything makes them. */
function* nameIssues(graph: Graph, outer: Scope<true> | null): Generator<NameIssue> {
  const visible = new Scope(outer);
  const own = new Set<string>();
  const place = graph.name === "" ? "the graph" : `graph "${graph.name}"`;
  const define = function* (name: string, where: string): Generator<NameIssue> {
    if (own.has(name)) yield { kind: "duplicate", message: `value "${name}" is made twice`, where };
    own.add(name);
    visible.set(name, true);
  };
  for (const { name } of graph.inputs) yield* define(name, `inputs of ${place}`);
  const initialized = new Set<string>();
  for (const name of [
    ...graph.initializers.map((tensor) => tensor.name),
    ...graph.sparseInitializers.map((tensor) => tensor.values.name),
  ]) {
    if (initialized.has(name))
      yield { kind: "duplicate", message: `initializer "${name}" is there twice`, where: place };
    initialized.add(name);
    // An initializer of an input's name is the default of that input.
    own.add(name);
    visible.set(name, true);
  }
  yield* nodeIssues(graph.nodes, visible, define);
  for (const { name } of graph.outputs)
    if (!visible.has(name))
      yield { kind: "undefined", message: `output "${name}" is made by no node`, where: `outputs of ${place}` };
}

function* nodeIssues(
  nodes: readonly Node[],
  visible: Scope<true>,
  define: (name: string, where: string) => Generator<NameIssue>,
): Generator<NameIssue> {
  for (const node of nodes) {
    for (const name of node.inputs)
      if (name !== "" && !visible.has(name))
        yield { kind: "undefined", message: `reads "${name}", which nothing before it makes`, where: nodeWhere(node) };
    for (const nested of nestedGraphs(node)) yield* nameIssues(nested, visible);
    for (const name of node.outputs) if (name !== "") yield* define(name, nodeWhere(node));
  }
}

function* issuesOf(model: Model, kind: NameIssue["kind"]): Generator<NameIssue> {
  for (const issue of nameIssues(model.graph, null)) if (issue.kind === kind) yield issue;
  for (const local of model.functions) {
    const body: Graph = {
      ...model.graph,
      name: local.name,
      inputs: local.inputs.map((name) => ({ name, type: null, docString: "" })),
      outputs: local.outputs.map((name) => ({ name, type: null, docString: "" })),
      nodes: local.nodes,
      initializers: [],
      sparseInitializers: [],
    };
    for (const issue of nameIssues(body, null)) if (issue.kind === kind) yield issue;
  }
}

export const structure: readonly LintRule[] = [
  {
    id: "onnx-duplicate-name",
    severity: "error",
    about: "Every value is made once",
    fix: "export the model again; its exporter or a later edit wrote two values under one name",
    check: ({ model }) => issuesOf(model, "duplicate"),
  },
  {
    id: "onnx-undefined-value",
    severity: "error",
    about: "Every value that is read is made before",
    fix: "export the model again; a node is missing or the nodes are out of order",
    check: ({ model }) => issuesOf(model, "undefined"),
  },
  {
    id: "onnx-opset-missing",
    severity: "error",
    about: "The operator set of every node is imported",
    fix: "add the operator set to opset_import, with the version the model was made for",
    *check({ model, isLocal }) {
      const imported = new Set(
        [...model.opsetImports, ...model.functions.flatMap((local) => local.opsetImports)].map((opset) =>
          plainDomain(opset.domain),
        ),
      );
      for (const node of nodesOf(model)) {
        const domain = plainDomain(node.domain);
        if (isLocal(node) || imported.has(domain)) continue;
        imported.add(domain);
        yield { message: `operator set "${domain || "ai.onnx"}" is used and not imported`, where: nodeWhere(node) };
      }
    },
  },
  {
    id: "onnx-external-path",
    severity: "error",
    about: "External data lies beside the model",
    fix: "do not load this model: files outside its folder are none of its business",
    *check({ model }) {
      for (const { name, content } of tensorsOf(model)) {
        if (content.kind !== "external") continue;
        try {
          checkPath(content.location);
        } catch (refusal) {
          if (!(refusal instanceof IngotError)) throw refusal;
          yield { message: `external data: ${refusal.what}`, where: `tensor "${name}"` };
        }
      }
    },
  },
];
