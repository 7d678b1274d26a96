import { Type, ValidationError } from "@cliffy/command";

interface Given {
  name: string;
  value: string;
}

/** One version of Cliffy gives the name of a flag with its dashes. */
function flagOf({ name }: Given): string {
  return `--${name.replace(/^-+/, "")}`;
}

/** A flag that takes a whole number in decimal. */
export class WholeNumber extends Type<number> {
  readonly #least: number;

  constructor(least: number) {
    super();
    this.#least = least;
  }

  parse(given: Given): number {
    const number = Number(given.value);
    if (/^-?\d+$/.test(given.value) && Number.isSafeInteger(number) && number >= this.#least) {
      return number;
    }
    throw new ValidationError(
      `${flagOf(given)} must be a whole number of at least ${this.#least}, not "${given.value}"`,
    );
  }
}

const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const LONGEST_MS = 30 * 24 * 3_600_000;

/** A flag that takes a time with its unit: `90s`, `15m`, `1h30m`; milliseconds. */
export class Duration extends Type<number> {
  parse(given: Given): number {
    const parts = [...given.value.matchAll(/(\d+)(ms|s|m|h)/g)];
    const ms = parts.reduce(
      (total, [, count, unit]) => total + Number(count) * (UNIT_MS[unit ?? ""] ?? 0),
      0,
    );
    const isWhole = parts.map(([text]) => text).join("") === given.value;
    if (isWhole && ms > 0 && ms <= LONGEST_MS) return ms;
    throw new ValidationError(
      `${flagOf(given)} must be a time like 90s, 15m or 1h30m, not "${given.value}"`,
    );
  }
}

/** A flag that takes words separated by commas. */
export class Words extends Type<string[]> {
  parse(given: Given): string[] {
    const words = given.value.split(",").map((word) => word.trim());
    if (words.every((word) => word !== "")) return [...new Set(words)];
    throw new ValidationError(`${flagOf(given)} has an empty entry: "${given.value}"`);
  }
}

const UNIT_BYTES: Record<string, number> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** A flag that takes a size with its unit: `512M`, `4G`, `4GiB`; bytes. */
export class ByteSize extends Type<number> {
  parse(given: Given): number {
    const [, count, unit = ""] = /^(\d+)([KMG]?)(?:iB|B)?$/i.exec(given.value) ?? [];
    const bytes = Number(count) * (UNIT_BYTES[unit.toUpperCase()] ?? 1);
    if (count !== undefined && bytes > 0 && Number.isSafeInteger(bytes)) return bytes;
    throw new ValidationError(
      `${flagOf(given)} must be a size like 512M or 4G, not "${given.value}"`,
    );
  }
}
