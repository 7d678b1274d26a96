/** Repeatable randomness for property tests (mulberry32): the same seed, the same sequence. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296 * limit);
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  /** One of the characters of a text. */
  characterOf(alphabet: string): string {
    const characters = [...alphabet];
    return characters[this.below(characters.length)] ?? "";
  }

  text(length: number, alphabet: string): string {
    return Array.from({ length }, () => this.characterOf(alphabet)).join("");
  }
}
