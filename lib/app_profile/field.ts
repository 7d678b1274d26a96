import type { Value } from "../yaml/pointer.ts";

/** What is wrong with a field; becomes an error with line and column. */
export class FieldProblem extends Error {
  constructor(readonly path: readonly string[], reason: string) {
    super(reason);
  }
}

/** A part of a parsed file, read by name and type. */
export class Field {
  readonly #value: Value | undefined;
  readonly path: readonly string[];

  constructor(value: Value | undefined, path: readonly string[] = []) {
    this.#value = value;
    this.path = path;
  }

  get isThere(): boolean {
    return this.#value !== undefined && this.#value !== "";
  }

  at(name: string): Field {
    const value = typeof this.#value === "object" && !Array.isArray(this.#value)
      ? this.#value[name]
      : undefined;
    return new Field(value, [...this.path, name]);
  }

  /** @throws {FieldProblem} When it is absent, empty or no scalar. */
  text(): string {
    const text = this.optionalText();
    if (text === "") throw this.problem(`${this.#name} is required`, this.path.slice(0, -1));
    return text;
  }

  /** Empty when it is absent. */
  optionalText(): string {
    if (this.#value === undefined) return "";
    if (typeof this.#value === "string") return this.#value;
    throw this.problem(`${this.#name} must be a text`);
  }

  wholeNumber(fallback: number, { least, most }: { least: number; most?: number }): number {
    if (!this.isThere) return fallback;
    const text = this.optionalText();
    const number = Number(text);
    const fits = /^-?\d+$/.test(text) && number >= least && (most === undefined || number <= most);
    if (fits) return number;
    const range = most === undefined ? `of at least ${least}` : `from ${least} to ${most}`;
    throw this.problem(`${this.#name} must be a whole number ${range}, not "${text}"`);
  }

  choice<T extends string>(words: readonly T[], fallback?: T): T {
    if (!this.isThere && fallback !== undefined) return fallback;
    const text = this.text();
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw this.problem(`${this.#name} must be one of ${words.join(", ")}, not "${text}"`);
  }

  /** Empty when it is absent. */
  list(): Field[] {
    if (!this.isThere) return [];
    if (!Array.isArray(this.#value)) throw this.problem(`${this.#name} must be a list`);
    return this.#value.map((item, at) => new Field(item, [...this.path, String(at)]));
  }

  texts(): string[] {
    return this.list().map((item) => item.optionalText());
  }

  /** A mapping of texts; empty when it is absent. */
  mapping(): Record<string, string> {
    return Object.fromEntries(this.keys().map((key) => [key, this.at(key).optionalText()]));
  }

  /** @throws {FieldProblem} When it is no mapping. */
  keys(): string[] {
    if (!this.isThere) return [];
    if (typeof this.#value === "object" && !Array.isArray(this.#value)) {
      return Object.keys(this.#value);
    }
    throw this.problem(`${this.#name} must be a mapping`);
  }

  /** Refuses keys that nobody knows. */
  requireKnown(known: readonly string[]): void {
    const unknown = this.keys().find((key) => !known.includes(key));
    if (unknown === undefined) return;
    throw this.at(unknown).problem(
      `"${unknown}" is not known here; there are ${known.join(", ")}`,
    );
  }

  problem(reason: string, path = this.path): FieldProblem {
    return new FieldProblem(path, reason);
  }

  get #name(): string {
    return this.path.join(".") || "the file";
  }
}
