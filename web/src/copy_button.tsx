import { useEffect, useState } from "react";

/** Copies `text` and says so for a moment. @param label what is copied, for screen readers */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), 1600);
    return () => clearTimeout(timer);
  }, [state]);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setState("copied");
    } catch {
      // Browsers offer the clipboard on https and localhost only.
      setState("failed");
    }
  };
  const said = { idle: "Copy", copied: "Copied", failed: "Press Ctrl+C" }[state];
  return (
    <button type="button" className="copy" onClick={() => void copy()} aria-label={`Copy ${label}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        {state === "copied" ? (
          <path d="M3 8.5l3.2 3.2L13 5" />
        ) : (
          <path d="M5.5 5.5V3.2c0-.4.3-.7.7-.7h6.6c.4 0 .7.3.7.7v6.6c0 .4-.3.7-.7.7h-2.3M3.2 5.5h6.6c.4 0 .7.3.7.7v6.6c0 .4-.3.7-.7.7H3.2a.7.7 0 01-.7-.7V6.2c0-.4.3-.7.7-.7z" />
        )}
      </svg>
      <span aria-live="polite">{said}</span>
    </button>
  );
}
