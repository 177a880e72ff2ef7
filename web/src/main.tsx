// The pages: the playground at `/`, the description of the API at `/docs`, the server at work at `/status`.
import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { type Served, served } from "./api.ts";
import { Docs } from "./docs.tsx";
import { PageHeader } from "./page_header.tsx";
import { Playground } from "./playground.tsx";
import { StatusPage } from "./status/status_page.tsx";
import "./styles/base.css";
import "./styles/header.css";
import "./styles/form.css";
import "./styles/result.css";
import "./styles/docs.css";
import "./styles/status.css";

const asked = new URLSearchParams(location.search).get("model");

function Page() {
  const [model, setModel] = useState<Served | Error | null>(null);
  useEffect(() => {
    served(asked).then(setModel, setModel);
  }, []);
  useEffect(() => {
    if (model && !(model instanceof Error)) document.title = `${model.name} ${model.version} · Ingot`;
  }, [model]);

  if (model === null) return <p className="page-note">Loading…</p>;
  if (model instanceof Error) return <p className="page-note">{model.message}</p>;
  const page = location.pathname.startsWith("/docs")
    ? "docs"
    : location.pathname.startsWith("/status")
      ? "status"
      : "playground";
  return (
    <>
      <PageHeader model={model} asked={asked} page={page} />
      {page === "docs" ? <Docs model={model} /> : page === "status" ? <StatusPage /> : <Playground model={model} />}
      <footer className="page-footer">
        Served by Ingot on the {model.runtime} runtime · every answer carries the digest of the package that gave it
      </footer>
    </>
  );
}

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Page />
  </StrictMode>,
);
