import { type CSSProperties, useId } from "react";
import type { InputSpec } from "./api.ts";
import { type FieldState, isScalar, shapeText } from "./form_state.ts";
import { rangeText } from "./number_text.ts";

interface FieldProps {
  readonly input: InputSpec;
  readonly state: FieldState;
  readonly problem: string | null;
  readonly onChange: (state: FieldState) => void;
}

/** One input: its name, unit and bounds, the control that fits its type, and what is wrong with it. */
export function Field({ input, state, problem, onChange }: FieldProps) {
  const id = useId();
  const limits = isScalar(input) ? rangeText(input.min, input.max) : shapeText(input);
  const described = { limits, about: input.description, problem };
  const describedBy = Object.entries(described).flatMap(([part, text]) => (text ? [`${id}-${part}`] : []));
  const setText = (text: string) => onChange({ ...state, text, isMissing: false });
  const control = {
    id,
    name: input.name,
    disabled: state.isMissing,
    "aria-describedby": describedBy.join(" ") || undefined,
    "aria-invalid": problem !== null,
  };

  return (
    <div className="field" data-wide={!isScalar(input)} data-missing={state.isMissing} data-invalid={problem !== null}>
      <label className="field-name" htmlFor={id}>
        {input.name}
      </label>
      <Control input={input} state={state} control={control} setText={setText} onChange={onChange} />
      <div className="field-foot">
        <span className="notes" id={`${id}-limits`}>
          {limits}
        </span>
        {input.missing === "allow" && (
          <label className="missing">
            <input
              type="checkbox"
              checked={state.isMissing}
              aria-label={`${input.name} is missing`}
              onChange={(event) => onChange({ ...state, isMissing: event.target.checked })}
            />
            missing
          </label>
        )}
      </div>
      {input.description && (
        <p className="notes" id={`${id}-about`}>
          {input.description}
        </p>
      )}
      {problem && (
        <p className="problem" id={`${id}-problem`}>
          {problem}
        </p>
      )}
    </div>
  );
}

interface ControlProps {
  readonly input: InputSpec;
  readonly state: FieldState;
  readonly control: { readonly id: string; readonly name: string; readonly disabled: boolean };
  readonly setText: (text: string) => void;
  readonly onChange: (state: FieldState) => void;
}

function Control({ input, state, control, setText, onChange }: ControlProps) {
  const { text, isMissing } = state;
  if (!isScalar(input))
    return (
      <textarea
        {...control}
        rows={Math.min(10, 2 + Math.floor(text.length / 60))}
        spellCheck={false}
        value={isMissing ? "" : text}
        onChange={(event) => setText(event.target.value)}
      />
    );
  if (input.categories && input.categories.length > 0)
    return <CategoryControl input={input} state={state} control={control} setText={setText} onChange={onChange} />;
  if (input.type === "bool")
    return (
      <select {...control} value={text} onChange={(event) => setText(event.target.value)}>
        <option value="true">true</option>
        <option value="false">false</option>
      </select>
    );
  if (input.type === "string")
    return (
      <input
        {...control}
        type="text"
        autoComplete="off"
        placeholder={isMissing ? "missing" : ""}
        value={isMissing ? "" : text}
        onChange={(event) => setText(event.target.value)}
      />
    );
  return <NumberControl input={input} state={state} control={control} setText={setText} onChange={onChange} />;
}

function NumberControl({ input, state, control, setText }: ControlProps) {
  const { min, max, unit, type } = input;
  const { text, isMissing } = state;
  return (
    <>
      <div className="number">
        <input
          {...control}
          type="number"
          inputMode={type === "int" ? "numeric" : "decimal"}
          step={type === "int" ? 1 : "any"}
          min={min}
          max={max}
          placeholder={isMissing ? "missing" : ""}
          value={isMissing ? "" : text}
          onChange={(event) => setText(event.target.value)}
        />
        {unit && <span className="unit">{unit}</span>}
      </div>
      {min !== undefined && max !== undefined && max > min && (
        <input
          type="range"
          tabIndex={-1}
          aria-hidden="true"
          disabled={isMissing}
          style={{ "--share": `${shareOf(text, min, max)}%` } as CSSProperties}
          min={min}
          max={max}
          step={type === "int" ? 1 : sliderStep(min, max)}
          value={text === "" ? min : text}
          onChange={(event) => setText(event.target.value)}
        />
      )}
    </>
  );
}

const other = "\u0000other";

/** Known categories to choose from; another value is legal and typed. */
function CategoryControl({ input, state, control, setText, onChange }: ControlProps) {
  const { text, isMissing, isOther } = state;
  const categories = (input.categories ?? []).map(String);
  return (
    <>
      <select
        {...control}
        value={isMissing ? "" : isOther ? other : text}
        onChange={({ target }) =>
          target.value === other
            ? onChange({ text: "", isMissing: false, isOther: true })
            : onChange({ text: target.value, isMissing: false, isOther: false })
        }
      >
        {isMissing && <option value="">missing</option>}
        {categories.map((category) => (
          <option key={category} value={category}>
            {category === "" ? "(empty)" : category}
          </option>
        ))}
        <option value={other}>another value…</option>
      </select>
      {isOther && !isMissing && (
        <input
          type={input.type === "string" ? "text" : "number"}
          className="other"
          aria-label={`${input.name}, another value`}
          placeholder="a value the model has not seen"
          autoComplete="off"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      )}
    </>
  );
}

/** How far along the slider a value stands, in percent. */
function shareOf(text: string, min: number, max: number): number {
  const share = (Number(text) - min) / (max - min);
  return Number.isFinite(share) ? 100 * Math.min(1, Math.max(0, share)) : 0;
}

/** A power of ten that gives the slider about a thousand stops. */
function sliderStep(min: number, max: number): number {
  return 10 ** Math.floor(Math.log10((max - min) / 500));
}
