// Keys and tokens in text: by formats that their issuers publish, so that words which only look random pass.

interface SecretKind {
  readonly subject: string;
  readonly pattern: RegExp;
  /** Whether a match is a real one: checks beyond the pattern. */
  readonly isReal?: (match: string) => boolean;
}

/** Every pattern begins with letters that are rare in text, so that searching is fast. */
const kinds: readonly SecretKind[] = [
  {
    subject: "private key",
    pattern: /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----\s+[A-Za-z0-9+/=:\-, \r\n\\]{40}/g,
  },
  {
    subject: "AWS access key",
    pattern: /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/g,
    isReal: (key) => !key.includes("EXAMPLE") && isRandom(key.slice(4), 3),
  },
  {
    subject: "AWS secret key",
    pattern: /aws_secret_access_key["'\s:=]{1,6}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/gi,
    isReal: (text) => !/EXAMPLE/.test(text) && isRandom(text.slice(-40), 4),
  },
  {
    subject: "Google API key",
    pattern: /\bAIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])/g,
    isReal: (key) => isRandom(key.slice(4), 3.7),
  },
  {
    subject: "Google service account key",
    pattern: /"type"\s*:\s*"service_account"[\s\S]{0,400}?"private_key_id"\s*:\s*"[0-9a-f]{40}"/g,
  },
  {
    subject: "Azure storage key",
    pattern: /AccountKey=[A-Za-z0-9+/]{86}==/g,
    isReal: (text) => isRandom(text.slice(11, -2), 4.5),
  },
  {
    subject: "Azure client secret",
    pattern: /\b[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~.-])/g,
    isReal: (text) => isRandom(text, 4),
  },
  { subject: "Hugging Face token", pattern: /\bhf_[A-Za-z]{34}\b/g, isReal: (token) => isRandom(token.slice(3), 3.5) },
  {
    subject: "GitHub token",
    pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b/g,
    isReal: (token) => isRandom(token.slice(4), 3.5),
  },
  {
    subject: "GitLab token",
    pattern: /\bglpat-[A-Za-z0-9_-]{20}(?![A-Za-z0-9_-])/g,
    isReal: (token) => isRandom(token.slice(6), 3.2),
  },
  { subject: "Slack token", pattern: /\bxox[abprs]-\d{10,13}-\d{10,13}-[A-Za-z0-9-]{20,40}/g },
  { subject: "OpenAI key", pattern: /\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,80}T3BlbkFJ[A-Za-z0-9_-]{20,80}/g },
  { subject: "Anthropic key", pattern: /\bsk-ant-[a-z]+\d{2}-[A-Za-z0-9_-]{80,100}/g },
  { subject: "Stripe key", pattern: /\b[sr]k_live_[A-Za-z0-9]{24,99}\b/g },
  { subject: "PyPI token", pattern: /\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,200}/g },
  { subject: "npm token", pattern: /\bnpm_[A-Za-z0-9]{36}\b/g, isReal: (token) => isRandom(token.slice(4), 3.5) },
  {
    subject: "password in an address",
    pattern:
      /\b(?:postgres(?:ql)?|mysql|mongodb(?:\+srv)?|redis|amqps?):\/\/[^\s:@/"'<>{}$]{1,64}:[^\s:@/"'<>{}$*]{6,128}@[a-z0-9.-]+/gi,
    isReal: (text) => !/:(password|passwd|pass|secret|example|changeme|x{4,}|\*+|user)@/i.test(text),
  },
];

/** Letters that some pattern needs: text without them holds no secret. */
const hints =
  /PRIVATE KEY|AKIA|ASIA|aws_secret|AIza|service_account|AccountKey=|Q~|hf_|gh[pousr]_|github_pat_|glpat-|xox[abprs]-|sk-|k_live_|pypi-Ag|npm_|:\/\/[^\s/]+@/i;

/** Secrets of a text, with the offset of each in characters; what is shown of it is only its beginning. */
export function* secretsIn(text: string): Generator<{ subject: string; detail: string; index: number }> {
  if (!hints.test(text)) return;
  for (const { subject, pattern, isReal } of kinds)
    for (const match of text.matchAll(pattern)) {
      if (isReal && !isReal(match[0])) continue;
      const shown = subject.includes("address") ? match[0].replace(/:[^:@]+@/, ":…@") : `${match[0].slice(0, 12)}…`;
      yield { subject, detail: JSON.stringify(shown).slice(1, -1), index: match.index };
    }
}

/** Shannon entropy of at least `bits` per character. */
function isRandom(text: string, bits: number): boolean {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let entropy = 0;
  for (const count of counts.values()) entropy -= (count / text.length) * Math.log2(count / text.length);
  return entropy >= bits;
}
