import { UserError } from "../errors.ts";
import type { Environment } from "../runtime/environment.ts";
import type { Prompter } from "../runtime/prompter.ts";
import { checkPassphrasePolicy, unmetPassphraseRules } from "./passphrase_policy.ts";
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

  /** What a person has to set when nothing was given and nobody can be asked. */
  get ways(): string {
    const { variable, fileFlag, commandFlag } = this.#names;
    return `set ${variable}, or pass ${fileFlag} or ${commandFlag}`;
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
   * A passphrase for something new; asked for twice, since nothing could tell a slip later.
   * @throws {UserError} `passphrase-missing`, `passphrase-policy`
   */
  async forEncryption(): Promise<string> {
    return this.#answered ?? await this.given() ?? await this.#inTurn(() => this.#askTwice());
  }

  /** Asks once and accepts any passphrase within the policy, or gives back what is known. */
  async ask(): Promise<string> {
    return this.#answered ?? await this.given() ??
      await this.#inTurn(async () => this.#answered ??= await this.#askWithinPolicy());
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
    const prompter = this.#prompterOrThrow();
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const answer = await prompter.secret({ label: this.#names.promptLabel });
      this.#parts.onKnown(answer);
      if (unmetPassphraseRules(answer).length === 0 && await isRight(answer)) {
        return this.#answered = answer;
      }
    }
    throw wrong();
  }

  async #askTwice(): Promise<string> {
    if (this.#answered !== null) return this.#answered;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const answer = await this.#askWithinPolicy();
      const label = `${this.#names.promptLabel} (again)`;
      const again = await this.#prompterOrThrow().secret({ label });
      if (answer === again) return this.#answered = answer;
    }
    throw new UserError("passphrase-missing", `The two entries of the ${this.#names.name} differ`);
  }

  async #askWithinPolicy(): Promise<string> {
    const answer = await this.#prompterOrThrow().secret({
      label: this.#names.promptLabel,
      validate: (text) => {
        const unmet = unmetPassphraseRules(text);
        return unmet.length === 0 || `Make sure that it ${unmet.join(", ")}`;
      },
    });
    this.#parts.onKnown(answer);
    return answer;
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
    throw new UserError("passphrase-missing", `The ${this.#names.name} is missing`, {
      hint: `${this.ways.charAt(0).toUpperCase()}${this.ways.slice(1)}`,
    });
  }
}
