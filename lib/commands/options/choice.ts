import { Type, ValidationError } from "@cliffy/command";

/** A flag that takes one of a few words. */
export class Choice extends Type<string> {
  readonly #words: readonly string[];

  constructor(words: readonly string[]) {
    super();
    this.#words = words;
  }

  parse({ label, name, value }: { label: string; name: string; value: string }): string {
    if (this.#words.includes(value)) return value;
    // One version of Cliffy gives the name of a flag with its dashes.
    const what = label === "Argument" ? `The ${name}` : `--${name.replace(/^-+/, "")}`;
    throw new ValidationError(`${what} must be one of ${this.#words.join(", ")}, not "${value}"`);
  }

  override values(): string[] {
    return [...this.#words];
  }

  override complete(): string[] {
    return this.values();
  }
}
