import { notPalette } from "./api_error.ts";

/**
 * Part of a parsed answer, read field by field: fields that nobody asks for are ignored, and one
 * that is missing or of another type is named.
 */
export class Answer {
  readonly #value: unknown;
  readonly #url: URL;
  /** What it is part of, and where there; put into words only for an error. */
  readonly #whole: Answer | null;
  readonly #way: readonly string[] | number;

  constructor(
    value: unknown,
    url: URL,
    place: { whole: Answer; way: readonly string[] | number } | null = null,
  ) {
    this.#value = value;
    this.#url = url;
    this.#whole = place?.whole ?? null;
    this.#way = place?.way ?? [];
  }

  /** A field of a field; an absent one is found missing when it is read. */
  at(...names: string[]): Answer {
    let value: unknown = this.#value;
    for (const name of names) {
      value = isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    }
    return new Answer(value, this.#url, { whole: this, way: names });
  }

  /** @throws {ApiError} `api` when it is not a string. */
  text(): string {
    if (typeof this.#value === "string") return this.#value;
    throw this.#unfit("a text");
  }

  /** Empty when it is absent. */
  textOrEmpty(): string {
    return this.#isAbsent() ? "" : this.text();
  }

  /** Null when it is absent or no finite number. */
  numberOrNull(): number | null {
    return typeof this.#value === "number" && Number.isFinite(this.#value) ? this.#value : null;
  }

  /** False when it is absent. */
  flag(): boolean {
    if (this.#isAbsent()) return false;
    if (typeof this.#value === "boolean") return this.#value;
    throw this.#unfit("true or false");
  }

  /** Elements; an absent list is empty. */
  list(): Answer[] {
    if (this.#isAbsent()) return [];
    if (!Array.isArray(this.#value)) throw this.#unfit("a list");
    return this.#value.map((item, at) => new Answer(item, this.#url, { whole: this, way: at }));
  }

  /** A map of texts; absent is empty, values of other types are left out. */
  texts(): Record<string, string> {
    if (this.#isAbsent()) return {};
    if (!isRecord(this.#value)) throw this.#unfit("a mapping");
    return Object.fromEntries(
      Object.entries(this.#value).filter((entry): entry is [string, string] =>
        typeof entry[1] === "string"
      ),
    );
  }

  #isAbsent(): boolean {
    return this.#value === undefined || this.#value === null;
  }

  #place(): string {
    const whole = this.#whole === null ? "" : this.#whole.#place();
    if (typeof this.#way === "number") return `${whole}[${this.#way}]`;
    return [whole, ...this.#way].filter(Boolean).join(".");
  }

  #unfit(wanted: string): Error {
    return notPalette(
      this.#url,
      `${this.#place() || "the answer"} is ${this.#isAbsent() ? "missing" : `not ${wanted}`}`,
    );
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
