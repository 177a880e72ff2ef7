import { useEffect, useState } from "react";
import { modelQuery, type Readiness, readiness, type Served } from "./api.ts";
import { CopyButton } from "./copy_button.tsx";

export type PageName = "playground" | "docs" | "status";

/** Which package answers, whether it is ready, and where else to look. */
export function PageHeader({ model, asked, page }: { model: Served; asked: string | null; page: PageName }) {
  const query = modelQuery(asked);
  return (
    <header className="page-header">
      <div className="bar">
        <a className="brand" href="/" aria-label="Ingot playground">
          <svg viewBox="0 0 32 20" aria-hidden="true">
            <path className="ingot-front" d="M8 2h16l7 16H1z" />
            <path className="ingot-top" d="M8 2h16l2.4 5.5H5.6z" />
          </svg>
          ingot
        </a>
        <nav aria-label="Pages">
          <a href={`/${query}`} aria-current={page === "playground" ? "page" : undefined}>
            Playground
          </a>
          <a href={`/docs${query}`} aria-current={page === "docs" ? "page" : undefined}>
            API
          </a>
          <a href={`/status${query}`} aria-current={page === "status" ? "page" : undefined}>
            Status
          </a>
          <a href="/openapi.json">OpenAPI</a>
        </nav>
        <ReadyDot />
      </div>
      {model.models.length > 1 && page !== "status" && (
        <nav className="models" aria-label="Models">
          {model.models.map((name, index) => (
            <a
              key={name}
              href={location.pathname + modelQuery(index === 0 ? null : name)}
              aria-current={name === model.name ? "page" : undefined}
            >
              {name}
            </a>
          ))}
        </nav>
      )}
      <div className="identity">
        <h1>
          {model.name} <span className="version">{model.version}</span>
        </h1>
        {model.description && <p className="description">{model.description}</p>}
        <div className="digest">
          <code title={model.digest}>{shortDigest(model.digest)}</code>
          <CopyButton text={model.digest} label="package digest" />
        </div>
      </div>
    </header>
  );
}

const checkMs = 10_000;

function ReadyDot() {
  const [state, setState] = useState<Readiness>("ready");
  useEffect(() => {
    const check = () => void readiness().then(setState);
    check();
    const timer = setInterval(check, checkMs);
    return () => clearInterval(timer);
  }, []);
  return (
    <p className="ready" data-state={state} role="status">
      <span className="dot" aria-hidden="true" />
      {state}
    </p>
  );
}

/** As much of a digest as people compare by eye. */
function shortDigest(digest: string): string {
  const [algorithm, hex = ""] = digest.split(":");
  return hex.length > 16 ? `${algorithm}:${hex.slice(0, 12)}…` : digest;
}
