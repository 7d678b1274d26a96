import { Type, ValidationError } from "@cliffy/command";

/** A flag that takes one of a few words. */
export class Choice<T extends string> extends Type<T> {
  readonly #words: readonly T[];

  constructor(words: readonly T[]) {
    super();
    this.#words = words;
  }

  parse({ label, name, value }: { label: string; name: string; value: string }): T {
    const word = this.#words.find((candidate) => candidate === value);
    if (word !== undefined) return word;
    // One version of Cliffy gives the name of a flag with its dashes.
    const what = label === "Argument" ? `The ${name}` : `--${name.replace(/^-+/, "")}`;
    throw new ValidationError(`${what} must be one of ${this.#words.join(", ")}, not "${value}"`);
  }

  override values(): T[] {
    return [...this.#words];
  }

  override complete(): T[] {
    return this.values();
  }
}
