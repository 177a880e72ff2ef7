import { useEffect, useState } from "react";
import type { Answer, OutputRecord, OutputSpec, Timing } from "./api.ts";
import { numberText, valueText } from "./number_text.ts";
import { ProbabilityBars } from "./probability_bars.tsx";

interface ResultProps {
  readonly outputs: readonly OutputSpec[];
  readonly answer: Answer | null;
  readonly isBusy: boolean;
  /** The form cannot be sent, so what is shown is not what it says. */
  readonly isStale: boolean;
  /** The error stands at its field already. */
  readonly isFieldError: boolean;
}

/** The prediction: the answer itself large, how sure it is beneath, the rest for those who look for it. */
export function Result({ outputs, answer, isBusy, isStale, isFieldError }: ResultProps) {
  return (
    <section className="card result" id="result" aria-labelledby="result-title" data-busy={isBusy} data-stale={isStale}>
      <div className="card-head">
        <h2 id="result-title">Prediction</h2>
        {answer?.ok && <Latency timing={answer.timing} />}
      </div>
      <div aria-live="polite" aria-atomic="true">
        {answer === null && <p className="headline waiting">…</p>}
        {answer?.ok && <Headline outputs={outputs} output={answer.output} />}
        {answer && !answer.ok && (
          <div className="refusal">
            <p className="refusal-what">
              {answer.refusal.where && <code>{answer.refusal.where}</code>} {answer.refusal.what}
            </p>
            {answer.refusal.fix && !isFieldError && <p>{answer.refusal.fix}</p>}
            <p className="refusal-code">{answer.refusal.code}</p>
          </div>
        )}
      </div>
      {answer?.ok && <Rest outputs={outputs} output={answer.output} text={answer.text} />}
    </section>
  );
}

/** The answer in one line, for screens where the form hides it. */
export function Glance({ outputs, answer }: { outputs: readonly OutputSpec[]; answer: Answer | null }) {
  const isNeeded = !useInView("result");
  if (!answer?.ok || !isNeeded) return null;
  const { value, main, sure } = readOutput(outputs, answer.output);
  return (
    <a className="glance" href="#result">
      <strong>
        {valueText(value)} {main?.unit}
      </strong>
      {sure !== undefined && <span>{percent(sure)}</span>}
    </a>
  );
}

function useInView(id: string): boolean {
  const [isInView, setInView] = useState(true);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => setInView(entries.at(-1)!.isIntersecting), {
      rootMargin: "-120px 0px 0px 0px",
    });
    observer.observe(document.getElementById(id)!);
    return () => observer.disconnect();
  }, [id]);
  return isInView;
}

function Headline({ outputs, output }: { outputs: readonly OutputSpec[]; output: OutputRecord }) {
  const { main, value, shares, sure } = readOutput(outputs, output);
  return (
    <>
      {main && (
        <>
          <p className="headline-name">{main.name}</p>
          <p className="headline" data-long={valueText(value).length > 18}>
            {valueText(value)}
            {main.unit && <span className="headline-unit"> {main.unit}</span>}
          </p>
        </>
      )}
      {sure !== undefined && <p className="sure">with {percent(sure)} probability</p>}
      {shares && <ProbabilityBars shares={shares} chosen={String(value)} />}
    </>
  );
}

/** Outputs that are neither the headline nor the bars, and the answer as it came. */
function Rest({ outputs, output, text }: { outputs: readonly OutputSpec[]; output: OutputRecord; text: string }) {
  const shown = [mainOutput(outputs), probabilityOutput(outputs)];
  const others = outputs.filter((spec) => !shown.includes(spec));
  return (
    <div className="rest">
      {others.length > 0 && (
        <dl>
          {others.map((spec) => (
            <div key={spec.name}>
              <dt>{spec.name}</dt>
              <dd title={JSON.stringify(output[spec.name])}>
                {valueText(output[spec.name])}
                {spec.unit && ` ${spec.unit}`}
              </dd>
            </div>
          ))}
        </dl>
      )}
      <details>
        <summary>Response as JSON</summary>
        <pre>
          <code>{indented(text)}</code>
        </pre>
      </details>
    </div>
  );
}

function Latency({ timing: { phases, roundTrip } }: { timing: Timing }) {
  const total = Object.values(phases).reduce((sum, ms) => sum + ms, 0);
  const parts = Object.entries(phases).map(([name, ms]) => `${name} ${ms.toFixed(2)} ms`);
  return (
    <p className="latency" title={`${parts.join(" · ")} · round trip ${roundTrip.toFixed(1)} ms`}>
      <strong>{total.toFixed(total < 10 ? 2 : 0)}</strong> ms
      <span className="latency-phase"> · model {(phases["compute"] ?? 0).toFixed(2)}</span>
    </p>
  );
}

/** The output that is the answer, and how probable the model says it is. */
function readOutput(outputs: readonly OutputSpec[], output: OutputRecord) {
  const main = mainOutput(outputs);
  const probabilities = probabilityOutput(outputs);
  const value = main && output[main.name];
  const shares = probabilities && sharesOf(output[probabilities.name]);
  return { main, value, shares, sure: shares?.find(([name]) => name === String(value))?.[1] };
}

function mainOutput(outputs: readonly OutputSpec[]): OutputSpec | undefined {
  const plain = outputs.filter((spec) => spec.role !== "probabilities");
  return plain.find((spec) => spec.role === "label") ?? plain.find((spec) => spec.role === "value") ?? plain[0];
}

function probabilityOutput(outputs: readonly OutputSpec[]): OutputSpec | undefined {
  return outputs.find((spec) => spec.role === "probabilities");
}

/** Class and probability, as named by the model or numbered. */
function sharesOf(value: unknown): [string, number][] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const entries = Object.entries(value);
  return entries.every((entry): entry is [string, number] => typeof entry[1] === "number") ? entries : undefined;
}

function percent(share: number): string {
  return `${numberText(share * 100, share > 0.999 || share < 0.01 ? 4 : 3)} %`;
}

function indented(text: string): string {
  return JSON.stringify(JSON.parse(text), null, 2);
}
