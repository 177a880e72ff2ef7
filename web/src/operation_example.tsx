import { CopyButton } from "./copy_button.tsx";

interface Content {
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

/** A request that can be pasted into a shell, from the first example of a route. */
export function OperationExample({ path, content }: { path: string; content: Readonly<Record<string, Content>> }) {
  const [type, { examples } = {}] = Object.entries(content)[0] ?? [];
  const [first] = Object.values(examples ?? {});
  if (type === undefined || !first || path.includes("{")) return null;
  const body = JSON.stringify(first.value).replaceAll("'", "'\\''");
  const text = `curl -s '${window.location.origin}${path}' -H 'Content-Type: ${type}' -d '${body}'`;
  return (
    <details className="try">
      <summary aria-label={`Example of ${path}`}>Example</summary>
      <div className="example">
        <CopyButton text={text} label={`request to ${path}`} />
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
        <pre tabIndex={0}>
          <code>{text}</code>
        </pre>
      </div>
    </details>
  );
}
