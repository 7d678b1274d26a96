import { UserError } from "../errors.ts";
import type { Environment } from "../runtime/environment.ts";
import type { Prompter } from "../runtime/prompter.ts";
import { checkPassphrasePolicy, passphrasePolicyError } from "./passphrase_policy.ts";
import type { SecretInput } from "./secret_input.ts";

/** Names under which one passphrase can be given; the new one of a rekey has names of its own. */
export interface PassphraseNames {
  /** What messages call it. */
  name: string;
  valueFlag: string | null;
  fileFlag: string;
  commandFlag: string;
  variable: string;
  fileVariable: string;
  promptLabel: string;
}

export const ENCRYPTION_PASSPHRASE: PassphraseNames = {
  name: "encryption passphrase",
  valueFlag: "--encryption-passphrase",
  fileFlag: "--encryption-passphrase-file",
  commandFlag: "--encryption-passphrase-command",
  variable: "PALETTE_ENCRYPTION_PASSWORD",
  fileVariable: "PALETTE_ENCRYPTION_PASSWORD_FILE",
  promptLabel: "Encryption passphrase",
};

export const NEW_PASSPHRASE: PassphraseNames = {
  name: "new passphrase",
  valueFlag: null,
  fileFlag: "--new-passphrase-file",
  commandFlag: "--new-passphrase-command",
  variable: "PALETTE_NEW_ENCRYPTION_PASSWORD",
  fileVariable: "PALETTE_NEW_ENCRYPTION_PASSWORD_FILE",
  promptLabel: "New encryption passphrase",
};

/** What the command line gave. */
export interface PassphraseOptions {
  value?: string | undefined;
  file?: string | undefined;
  command?: string | undefined;
}

export interface PassphraseParts {
  env: Environment;
  input: SecretInput;
  /** Null when nobody can be asked. */
  prompter: Prompter | null;
  /** Called with a passphrase as soon as it is known, before anything can be logged. */
  onKnown: (passphrase: string) => void;
  /** Called when the passphrase stood on the command line, where other users can see it. */
  onVisible: () => void;
  /** Called with the reason when an answer will not do and the question is asked again. */
  onRefused: (reason: string) => void;
  signal?: AbortSignal;
}

const ATTEMPTS = 3;

/** Finds the passphrase: flags, then environment, then a question; once a run. */
export class PassphraseSource {
  readonly #names: PassphraseNames;
  readonly #options: PassphraseOptions;
  readonly #parts: PassphraseParts;
  #given: Promise<string | null> | null = null;
  #answered: string | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(names: PassphraseNames, options: PassphraseOptions, parts: PassphraseParts) {
    this.#names = names;
    this.#options = options;
    this.#parts = parts;
  }

  /** What messages call it. */
  get name(): string {
    return this.#names.name;
  }

  /** What a person has to do when nothing was given and nobody can be asked. */
  get ways(): string {
    const { variable, fileFlag, commandFlag } = this.#names;
    return `set ${variable}, or pass ${fileFlag} or ${commandFlag}`;
  }

  /** It was not given, and nobody can be asked. */
  async isMissing(): Promise<boolean> {
    return await this.given() === null && this.#parts.prompter === null;
  }

  /**
   * The passphrase without asking; null when it was not given.
   * @throws {UserError} `usage` for two ways at once, `passphrase-policy`, `io`.
   */
  given(): Promise<string | null> {
    return this.#given ??= this.#readGiven();
  }

  /**
   * A passphrase for something that is encrypted already; asks up to three times.
   * @throws {UserError} `passphrase-missing`; `decrypt-failed` with `wrong()` as its text.
   */
  async forDecryption(
    isRight: (passphrase: string) => Promise<boolean>,
    wrong: () => UserError,
  ): Promise<string> {
    const known = this.#answered ?? await this.given();
    if (known === null) return await this.#inTurn(() => this.#askForDecryption(isRight, wrong));
    if (await isRight(known)) return known;
    throw wrong();
  }

  /**
   * A passphrase for something new; typed twice, since nothing could tell a slip later.
   * @throws {UserError} `passphrase-missing`, `passphrase-policy`
   */
  async forEncryption(): Promise<string> {
    return this.#answered ?? await this.given() ?? await this.#inTurn(() => this.#askTwice());
  }

  /**
   * Takes any passphrase within the policy, typed once, or gives back what is known.
   * @throws {UserError} `passphrase-missing`, `passphrase-policy`
   */
  async ask(): Promise<string> {
    return this.#answered ?? await this.given() ??
      await this.#inTurn(() => this.#askUntil((answer) => this.#policyError(answer)));
  }

  /** Forgets an answer, so that the next call asks again; a given passphrase stays. */
  forgetAnswer(): void {
    this.#answered = null;
  }

  /** One question at a time; what the first caller learns, the others need not ask for. */
  #inTurn(work: () => Promise<string>): Promise<string> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  async #askForDecryption(
    isRight: (passphrase: string) => Promise<boolean>,
    wrong: () => UserError,
  ): Promise<string> {
    if (this.#answered !== null) {
      if (await isRight(this.#answered)) return this.#answered;
      throw wrong();
    }
    return await this.#askUntil(async (answer) => {
      const isLikely = this.#policyError(answer) === null;
      return isLikely && await isRight(answer) ? null : wrong();
    });
  }

  async #askTwice(): Promise<string> {
    return await this.#askUntil(async (answer) => {
      const error = this.#policyError(answer);
      if (error !== null) return error;
      const label = `${this.#names.promptLabel} (again)`;
      if (await this.#prompterOrThrow().secret({ label }) === answer) return null;
      return new UserError("passphrase-missing", `The two entries of the ${this.name} differ`);
    });
  }

  /**
   * Asks three times at most (core 3.2); what is wrong with an answer is told before the next
   * question, and thrown after the last.
   */
  async #askUntil(
    refusalOf: (answer: string) => Promise<UserError | null> | UserError | null,
  ): Promise<string> {
    if (this.#answered !== null) return this.#answered;
    for (let attempt = 1;; attempt++) {
      const answer = await this.#prompterOrThrow().secret({ label: this.#names.promptLabel });
      this.#parts.onKnown(answer);
      const refusal = await refusalOf(answer);
      if (refusal === null) return this.#answered = answer;
      if (attempt === ATTEMPTS) throw refusal;
      this.#parts.onRefused(refusal.message);
    }
  }

  #policyError(answer: string): UserError | null {
    return passphrasePolicyError(answer, this.name);
  }

  async #readGiven(): Promise<string | null> {
    const passphrase = await this.#find();
    if (passphrase === null) return null;
    this.#parts.onKnown(passphrase);
    checkPassphrasePolicy(passphrase, this.#names.name);
    return passphrase;
  }

  async #find(): Promise<string | null> {
    const { valueFlag, fileFlag, commandFlag, variable, fileVariable } = this.#names;
    const { value, file, command } = this.#options;
    const { env, input, onVisible, signal } = this.#parts;
    const flags = [
      value === undefined ? null : valueFlag,
      file === undefined ? null : fileFlag,
      command === undefined ? null : commandFlag,
    ].filter((flag) => flag !== null);
    if (flags.length > 1) {
      throw new UserError("usage", `${flags.join(" and ")} cannot be used together`);
    }
    if (value !== undefined) {
      onVisible();
      return value;
    }
    if (file !== undefined) return await input.fromFile(file, fileFlag);
    if (command !== undefined) return await input.fromCommand(command, commandFlag, signal);
    const fromVariable = env.get(variable);
    if (fromVariable !== undefined) return fromVariable;
    const path = env.get(fileVariable);
    return path === undefined ? null : await input.fromFile(path, fileVariable);
  }

  #prompterOrThrow(): Prompter {
    if (this.#parts.prompter !== null) return this.#parts.prompter;
    throw missing([this]);
  }
}

/**
 * Names every passphrase that is missing at once, when nobody can be asked.
 * @throws {UserError} `passphrase-missing`; as `given()`.
 */
export async function refuseMissing(sources: PassphraseSource[]): Promise<void> {
  const found: PassphraseSource[] = [];
  for (const source of sources) if (await source.isMissing()) found.push(source);
  if (found.length > 0) throw missing(found);
}

function missing(sources: PassphraseSource[]): UserError {
  const names = sources.map(({ name }) => `the ${name}`).join(" and ");
  const message = `${names} ${sources.length === 1 ? "is" : "are"} missing`;
  const hint = sources.map(({ ways }) => ways).join("; ");
  return new UserError("passphrase-missing", capitalized(message), { hint: capitalized(hint) });
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
