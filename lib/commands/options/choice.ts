import { Type, ValidationError } from "@cliffy/command";

/** A flag that takes one of a few words. */
export class Choice extends Type<string> {
  readonly #words: readonly string[];

  constructor(words: readonly string[]) {
    super();
    this.#words = words;
  }

  parse({ name, value }: { name: string; value: string }): string {
    if (this.#words.includes(value)) return value;
    // One version of Cliffy gives the name with its dashes.
    const flag = `--${name.replace(/^-+/, "")}`;
    throw new ValidationError(`${flag} must be one of ${this.#words.join(", ")}, not "${value}"`);
  }

  override values(): string[] {
    return [...this.#words];
  }

  override complete(): string[] {
    return this.values();
  }
}
