// Asks for a prediction a moment after the record stops changing; only the newest question counts.
import { useCallback, useEffect, useRef, useState } from "react";
import { type Answer, type InputRecord, predict } from "./api.ts";

const settleMs = 150;

export interface Prediction {
  /** The newest answer, kept on screen while the next is on its way. */
  readonly answer: Answer | null;
  readonly isBusy: boolean;
  /** Asks at once. */
  readonly ask: () => void;
}

/** @param path where records of the model go @param text the record as JSON, or null while it cannot be sent */
export function usePrediction(path: string, text: string | null): Prediction {
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [isBusy, setBusy] = useState(false);
  const current = useRef<AbortController | null>(null);

  const ask = useCallback(async () => {
    current.current?.abort();
    if (text === null) return;
    const controller = new AbortController();
    current.current = controller;
    setBusy(true);
    try {
      setAnswer(await predict(path, JSON.parse(text) as InputRecord, controller.signal));
    } catch (error) {
      if (controller.signal.aborted) return;
      const what = error instanceof TypeError ? "the server cannot be reached" : String(error);
      setAnswer({ ok: false, refusal: { code: "UNREACHABLE", what, fix: "is it still running?" } });
    } finally {
      if (current.current === controller) setBusy(false);
    }
  }, [path, text]);

  const isFirst = useRef(true);
  useEffect(() => {
    const timer = setTimeout(() => void ask(), isFirst.current ? 0 : settleMs);
    isFirst.current = false;
    return () => clearTimeout(timer);
  }, [ask]);

  return { answer, isBusy, ask: () => void ask() };
}
