// Numbers and other values as people read them; the exact ones stand in tooltips and in the JSON.

export function numberText(value: number, digits = 6): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e12)) return value.toExponential(Math.min(3, digits - 1));
  return value.toLocaleString("en", { maximumSignificantDigits: digits, useGrouping: size >= 10_000 });
}

export function valueText(value: unknown): string {
  if (typeof value === "number") {
    // Cents and the like stay visible behind large amounts.
    const whole = Math.floor(Math.log10(Math.abs(value) || 1)) + 1;
    return numberText(value, Number.isInteger(value) ? 15 : Math.min(17, Math.max(6, whole + 2)));
  }
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return Object.entries(value)
      .map(([name, member]) => `${name}: ${valueText(member)}`)
      .join(", ");
  return String(value);
}

export function rangeText(min: number | undefined, max: number | undefined): string {
  if (min === undefined) return max === undefined ? "" : `up to ${max}`;
  return max === undefined ? `from ${min}` : `${min} to ${max}`;
}
