import { useEffect, useState } from "react";
import { type InputSpec, type OutputSpec, predictPath, type Served } from "./api.ts";
import { CopyButton } from "./copy_button.tsx";
import { rangeText } from "./number_text.ts";
import { OperationExample } from "./operation_example.tsx";

interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly requestBody?: { content: Record<string, { examples?: Record<string, { value: unknown }> }> };
  readonly responses: Readonly<Record<string, { description?: string; $ref?: string }>>;
}

interface OpenApi {
  readonly tags: readonly { name: string; description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly headers: Readonly<Record<string, { description: string }>>;
  };
}

/** The schema and `/openapi.json` as a page. */
export function Docs({ model }: { model: Served }) {
  const [api, setApi] = useState<OpenApi | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    fetch("/openapi.json")
      .then(async (response) => setApi((await response.json()) as OpenApi))
      .catch((error: unknown) => setProblem(String(error)));
  }, []);
  if (!api) return <p className="page-note">{problem ?? "Loading…"}</p>;
  const example = JSON.stringify(model.example, null, 2);
  return (
    <main className="docs">
      <section className="card" aria-labelledby="record-title">
        <h2 id="record-title">A record</h2>
        <p>
          What <code>POST {predictPath(model)}</code> takes, alone or in an array. Optional values may be{" "}
          <code>null</code> or left out; categories that the model has not seen are legal.
        </p>
        <Members specs={model.schema.inputs} label="Members of a record" />
        <div className="example">
          <CopyButton text={example} label="example record" />
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
          <pre tabIndex={0}>
            <code>{example}</code>
          </pre>
        </div>
      </section>
      <section className="card" aria-labelledby="answer-title">
        <h2 id="answer-title">An answer</h2>
        <p>In the shape of the question: a record for a record, an array for an array.</p>
        <Members specs={model.schema.outputs} label="Members of an answer" />
      </section>
      {api.tags.map((tag) => (
        <Operations key={tag.name} tag={tag} paths={api.paths} />
      ))}
      <section className="card" aria-labelledby="headers-title">
        <h2 id="headers-title">Headers of every answer</h2>
        <dl className="headers">
          {Object.entries(api.components.headers).map(([name, header]) => (
            <div key={name}>
              <dt>
                <code>{name}</code>
              </dt>
              <dd>{header.description}</dd>
            </div>
          ))}
        </dl>
      </section>
    </main>
  );
}

function Operations({ tag, paths }: { tag: OpenApi["tags"][number]; paths: OpenApi["paths"] }) {
  const rows = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => operation.tags.includes(tag.name))
      .map(([method, operation]) => ({ path, method, operation })),
  );
  return (
    <section className="card" aria-labelledby={`tag-${tag.name}`}>
      <h2 id={`tag-${tag.name}`}>{tag.description}</h2>
      <ul className="operations">
        {rows.map(({ path, method, operation }) => (
          <li key={`${method} ${path}`}>
            <span className="method" data-method={method}>
              {method}
            </span>
            <code>{path}</code>
            <span className="summary">{operation.summary}</span>
            {operation.requestBody && <OperationExample path={path} content={operation.requestBody.content} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Members({ specs, label }: { specs: readonly (InputSpec | OutputSpec)[]; label: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className="members" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Type</th>
            <th scope="col">Notes</th>
          </tr>
        </thead>
        <tbody>
          {specs.map((spec) => (
            <tr key={spec.name}>
              <th scope="row">
                <code>{spec.name}</code>
                {"missing" in spec && spec.missing === "allow" && <span className="optional">optional</span>}
              </th>
              <td>{typeText(spec)}</td>
              <td>{notesText(spec)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function typeText(spec: InputSpec | OutputSpec): string {
  if ("classes" in spec && spec.shape.length > 0) return `${spec.type} by class`;
  return spec.shape.length === 0 ? spec.type : `${spec.type} [${spec.shape.map((dim) => dim ?? "any").join(", ")}]`;
}

/** What inputs have, and what outputs have. */
type ColumnNotes = Pick<InputSpec, "min" | "max" | "categories"> & Pick<OutputSpec, "classes">;

const mostCategories = 12;

function notesText(spec: InputSpec | OutputSpec): string {
  const { min, max, categories, classes }: ColumnNotes = spec;
  const names = categories ?? classes ?? [];
  const listed = names.slice(0, mostCategories).join(", ");
  const more = names.length > mostCategories ? ` and ${names.length - mostCategories} more` : "";
  return [spec.description, spec.unit && `unit: ${spec.unit}`, rangeText(min, max), listed + more]
    .filter(Boolean)
    .join(" · ");
}
