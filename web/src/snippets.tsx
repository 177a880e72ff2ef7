import { type KeyboardEvent, useRef, useState } from "react";
import type { InputRecord } from "./api.ts";
import { CopyButton } from "./copy_button.tsx";
import { languages } from "./snippet_text.ts";

/** The request that the form makes, for other tools. */
export function Snippets({ path, record }: { path: string; record: InputRecord }) {
  const [chosen, setChosen] = useState(0);
  const tabs = useRef<HTMLDivElement>(null);
  const language = languages[chosen]!;
  const text = language.write(location.origin + path, record);

  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const next = (chosen + step + languages.length) % languages.length;
    setChosen(next);
    tabs.current?.querySelectorAll<HTMLElement>("[role=tab]")[next]?.focus();
  };

  return (
    <section className="card snippets" aria-labelledby="snippets-title">
      <div className="card-head">
        <h2 id="snippets-title">The same request</h2>
        <CopyButton text={text} label={`${language.name} code`} />
      </div>
      <div className="tabs" role="tablist" aria-label="Language" ref={tabs}>
        {languages.map(({ name }, index) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={index === chosen}
            aria-controls="snippet"
            tabIndex={index === chosen ? 0 : -1}
            onClick={() => setChosen(index)}
            onKeyDown={move}
          >
            {name}
          </button>
        ))}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <pre id="snippet" role="tabpanel" aria-labelledby={`tab-${language.name}`} tabIndex={0}>
        <code>{text}</code>
      </pre>
    </section>
  );
}
