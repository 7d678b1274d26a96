/**
 * Takes secrets out of text on its way to a log or an error message.
 *
 * Two ways together: values that the run has come to know (in every form a program prints them in:
 * raw, base64, URL-encoded, JSON-escaped), and shapes that are secret whatever their value.
 */
export class Redactor {
  readonly #forms = new Map<string, RegExp>();

  /** Every later text has this value taken out. */
  add(secret: string): void {
    if (secret === "" || this.#forms.has(secret)) return;
    this.#forms.set(secret, patternOf(secret));
  }

  redact(text: string): string {
    let result = text;
    for (const pattern of this.#forms.values()) result = result.replace(pattern, REDACTED);
    for (const [pattern, replacement] of SHAPES) result = result.replace(pattern, replacement);
    return result;
  }
}

export const REDACTED = "[redacted]";

/** Shorter values stand in ordinary words too often to be taken out everywhere. */
const SHORT = 4;

/** Headers and fields that carry credentials, PEM private keys, our own ciphertext. */
const SHAPES: [RegExp, string][] = [
  [
    /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
    REDACTED,
  ],
  [
    /(authorization|api[-_]?key|cookie|x-auth-token)(\\?["']?\s*[:=]\s*\\?["']?)(?:(?:bearer|basic|negotiate)\s+)?[^\s"',;&}]+/gi,
    `$1$2${REDACTED}`,
  ],
  [
    /\b([\w-]*(?:passw(?:or)?d|passphrase|secret|token|pairingcode))(\\?["']?\s*[:=]\s*\\?["']?)[^\s"'\\,;&}]+/gi,
    `$1$2${REDACTED}`,
  ],
  [/(:\/\/[^\s/:@]*:)[^\s/@]+@/g, `$1${REDACTED}@`],
  [/enc:v\d+:[A-Za-z0-9_-]+/g, REDACTED],
  [/\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g, REDACTED],
];

function patternOf(secret: string): RegExp {
  const forms = new Set([secret, ...jsonForms(secret), ...urlForms(secret)]);
  if (secret.length >= SHORT) { for (const form of base64Forms(secret)) forms.add(form); }
  const alternatives = [...forms].sort((a, b) => b.length - a.length).map(escapePattern).join("|");
  return secret.length >= SHORT
    ? new RegExp(alternatives, "g")
    : new RegExp(`(?<![\\p{L}\\p{N}])(?:${alternatives})(?![\\p{L}\\p{N}])`, "gu");
}

function jsonForms(secret: string): string[] {
  const escaped = JSON.stringify(secret).slice(1, -1);
  // Some encoders escape everything beyond ASCII, and the slash.
  const ascii = escaped.replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const twice = JSON.stringify(escaped).slice(1, -1);
  return [escaped, ascii, escaped.replaceAll("/", "\\/"), twice];
}

function urlForms(secret: string): string[] {
  let encoded: string;
  try {
    encoded = encodeURIComponent(secret);
  } catch {
    return [];
  }
  const strict = encoded.replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const forms = [encoded, strict, encoded.replaceAll("%20", "+"), strict.replaceAll("%20", "+")];
  return [
    ...forms,
    ...forms.map((form) => form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())),
    encodeURI(secret),
  ];
}

/**
 * The characters that stand for the whole secret in base64, for each of the three positions it can
 * have in a longer text (`user:secret` in a Basic header); those at the edges depend on neighbours.
 */
function base64Forms(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const forms: string[] = [];
  for (let shift = 0; shift < 3; shift++) {
    const padded = new Uint8Array(shift + bytes.length);
    padded.set(bytes, shift);
    const encoded = btoa(String.fromCharCode(...padded)).replace(/=+$/, "");
    const from = shift === 0 ? 0 : shift + 1;
    const to = encoded.length - (padded.length % 3 === 0 ? 0 : 1);
    const core = encoded.slice(from, to);
    if (core.length >= SHORT) {
      forms.push(core, core.replaceAll("+", "-").replaceAll("/", "_"), encodeURIComponent(core));
    }
  }
  return forms;
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|\-/]/g, "\\$&");
}
