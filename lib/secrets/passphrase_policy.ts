import { UserError } from "../errors.ts";

/** One rule of the passphrase policy. */
export interface PassphraseRule {
  /** Completes "the passphrase ...". */
  demand: string;
  isMet(passphrase: string): boolean;
}

/** Every rule; lengths count Unicode code points of the NFC form. */
export const PASSPHRASE_RULES: readonly PassphraseRule[] = [
  { demand: "has at least 8 characters", isMet: (text) => [...text].length >= 8 },
  { demand: "has at most 32 characters", isMet: (text) => [...text].length <= 32 },
  { demand: "has a capital letter (A-Z)", isMet: (text) => /[A-Z]/.test(text) },
  { demand: "has a lowercase letter (a-z)", isMet: (text) => /[a-z]/.test(text) },
  { demand: "has a digit (0-9)", isMet: (text) => /[0-9]/.test(text) },
  {
    demand: "has a special character (not a letter A-Z or a-z, a digit or a space)",
    isMet: (text) => /[^A-Za-z0-9\p{White_Space}\p{C}]/u.test(text),
  },
  {
    demand: "has no control characters",
    isMet: (text) => text.isWellFormed() && !/[\p{Cc}\u2028\u2029]/u.test(text),
  },
];

/** The demands a passphrase does not meet. */
export function unmetPassphraseRules(passphrase: string): string[] {
  const normal = passphrase.normalize("NFC");
  return PASSPHRASE_RULES.filter((rule) => !rule.isMet(normal)).map((rule) => rule.demand);
}

/** What is wrong with a passphrase: every unmet rule at once, never the value. Null when all is well. */
export function passphrasePolicyError(
  passphrase: string,
  name = "encryption passphrase",
): UserError | null {
  const unmet = unmetPassphraseRules(passphrase);
  if (unmet.length === 0) return null;
  return new UserError(
    "passphrase-policy",
    `The ${name} does not meet the policy: make sure that it ${unmet.join(", ")}`,
    { hint: "Choose 8 to 32 characters with a capital, a lowercase letter, a digit and a special" },
  );
}

/** @throws {UserError} `passphrase-policy` */
export function checkPassphrasePolicy(passphrase: string, name?: string): void {
  const error = passphrasePolicyError(passphrase, name);
  if (error !== null) throw error;
}
