import { useState } from "react";
import { numberText } from "./number_text.ts";

const most = 6;

/** Probabilities as bars, most likely first; the long tail on request. */
export function ProbabilityBars({ shares, chosen }: { shares: readonly [string, number][]; chosen: string }) {
  const [showsAll, setShowsAll] = useState(false);
  const sorted = shares.toSorted((a, b) => b[1] - a[1]);
  const shown = showsAll ? sorted : sorted.slice(0, most);
  return (
    <>
      <ul className="bars" aria-label="Probabilities">
        {shown.map(([name, share]) => (
          <li key={name} data-chosen={name === chosen}>
            <span className="bar-name">{name}</span>
            <span className="bar-share" title={String(share)}>
              {numberText(share * 100, 3)} %
            </span>
            <span className="bar-track" aria-hidden="true">
              <span className="bar-fill" style={{ width: `${Math.min(100, Math.max(0, share * 100))}%` }} />
            </span>
          </li>
        ))}
      </ul>
      {sorted.length > most && (
        <button type="button" className="quiet" onClick={() => setShowsAll(!showsAll)}>
          {showsAll ? "Show the most likely" : `Show all ${sorted.length}`}
        </button>
      )}
    </>
  );
}
