import { useEffect, useState } from "react";
import { CopyButton } from "./copy_button.tsx";
import { rangeText } from "./number_text.ts";

interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
}

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
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly headers: Readonly<Record<string, { description: string }>>;
  };
}

/** `/openapi.json` as a page. */
export function Docs() {
  const [api, setApi] = useState<OpenApi | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    fetch("/openapi.json")
      .then(async (response) => setApi((await response.json()) as OpenApi))
      .catch((error: unknown) => setProblem(String(error)));
  }, []);
  if (!api) return <p className="page-note">{problem ?? "Loading…"}</p>;
  const example = exampleRequest(api);
  return (
    <main className="docs">
      <section className="card" aria-labelledby="record-title">
        <h2 id="record-title">A record</h2>
        <p>
          What <code>POST /predict</code> takes, alone or in an array.
        </p>
        <Members schema={api.components.schemas["InputRecord"]} label="Members of a record" />
        {example !== null && (
          <div className="example">
            <CopyButton text={example} label="example record" />
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
            <pre tabIndex={0}>
              <code>{example}</code>
            </pre>
          </div>
        )}
      </section>
      <section className="card" aria-labelledby="answer-title">
        <h2 id="answer-title">An answer</h2>
        <p>In the shape of the question: a record for a record, an array for an array.</p>
        <Members schema={api.components.schemas["OutputRecord"]} label="Members of an answer" />
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
          </li>
        ))}
      </ul>
    </section>
  );
}

function Members({ schema, label }: { schema: Schema | undefined; label: string }) {
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
          {Object.entries(schema?.properties ?? {}).map(([name, member]) => (
            <tr key={name}>
              <th scope="row">
                <code>{name}</code>
                {!schema?.required?.includes(name) && <span className="optional">optional</span>}
              </th>
              <td>{typeText(member)}</td>
              <td>{notesText(member)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function typeText(schema: Schema): string {
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return [...new Set(alternatives.map(typeText))].join(", ");
  if (schema.type === "array" && schema.items) return `array of ${typeText(schema.items)}`;
  if (schema.enum && !schema.type) return schema.enum.map((value) => JSON.stringify(value)).join(", ");
  return [schema.type ?? "any"].flat().join(" or ");
}

function notesText(schema: Schema): string {
  const bounds = [schema, ...(schema.anyOf ?? schema.oneOf ?? [])].find(
    ({ minimum, maximum }) => minimum !== undefined || maximum !== undefined,
  );
  const range = bounds ? rangeText(bounds.minimum, bounds.maximum) : "";
  const members = schema.properties ? Object.keys(schema.properties).join(", ") : "";
  const examples = schema.examples ? `for example ${schema.examples.slice(0, 8).map(String).join(", ")}` : "";
  return [schema.description, range, members, examples].filter(Boolean).join(" · ");
}

function exampleRequest(api: OpenApi): string | null {
  const examples = api.paths["/predict"]?.["post"]?.requestBody?.content["application/json"]?.examples;
  return examples?.["record"] ? JSON.stringify(examples["record"].value, null, 2) : null;
}
