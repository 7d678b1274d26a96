import { UserError } from "../../errors.ts";
import { type Digest, isDigest } from "../../oci/digest.ts";
import type { Value } from "../../yaml/pointer.ts";
import type { Plain } from "../../yaml/yaml_writer.ts";
import type { Extras } from "./bundle_definition.ts";
import { nearKey } from "./near_key.ts";

/** What all parts of one file share. */
export interface DefinitionFile {
  /** Names it in errors. */
  path: string;
  /** One line for each key that nobody knows. */
  warnings: string[];
  /** One for each key that is nearly a known one. */
  misspelt: UserError[];
}

/** A part of a definition, read by key and type. */
export class DefinitionPart {
  readonly #value: Value | undefined;
  /** The same with its scalars typed. */
  readonly #typed: unknown;
  readonly #place: string;
  readonly #file: DefinitionFile;

  constructor(value: Value | undefined, typed: unknown, file: DefinitionFile, place = "") {
    this.#value = value;
    this.#typed = typed;
    this.#file = file;
    this.#place = place;
  }

  /** Whether something is written there; `null` and `~` count as nothing. */
  get isThere(): boolean {
    return this.#value !== undefined && this.#value !== "" && this.#typed !== null;
  }

  /** A bare text; null for anything else. */
  get bareText(): string | null {
    return typeof this.#value === "string" && this.isThere ? this.#value : null;
  }

  at(key: string): DefinitionPart {
    const mapping = this.#mapping();
    const typed = this.#typed as Record<string, unknown> | null | undefined;
    return new DefinitionPart(
      mapping !== null && Object.hasOwn(mapping, key) ? mapping[key] : undefined,
      typed?.[key],
      this.#file,
      this.#place === "" ? key : `${this.#place}.${key}`,
    );
  }

  /** Empty when it is absent. */
  text(): string {
    if (!this.isThere) return "";
    if (typeof this.#value === "string") return this.#value;
    throw this.problem("must be a text");
  }

  requiredText(): string {
    const text = this.text();
    if (text === "") throw this.problem("is required");
    return text;
  }

  flag(): boolean {
    const text = this.text();
    if (/^(|false)$/i.test(text)) return false;
    if (/^true$/i.test(text)) return true;
    throw this.problem(`must be true or false, not "${text}"`);
  }

  digest(): Digest | null {
    const text = this.text();
    if (text === "") return null;
    if (isDigest(text)) return text;
    throw this.problem(`must be sha256: and 64 digits, not "${text}"`);
  }

  size(): number | null {
    const text = this.text();
    if (text === "") return null;
    const size = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(size)) return size;
    throw this.problem(`must be a number of bytes, not "${text}"`);
  }

  list(): DefinitionPart[] {
    if (!this.isThere) return [];
    if (!Array.isArray(this.#value)) throw this.problem("must be a list");
    const typed = Array.isArray(this.#typed) ? this.#typed : [];
    return this.#value.map((item, at) =>
      new DefinitionPart(item, typed[at], this.#file, `${this.#place}[${at}]`)
    );
  }

  /** A list of texts; one text alone counts as a list of one. */
  texts(): string[] {
    const bare = this.bareText;
    return bare === null ? this.list().map((item) => item.requiredText()) : [bare];
  }

  /** A mapping of texts. */
  textMap(): Record<string, string> {
    if (!this.isThere) return {};
    const mapping = this.#mapping();
    if (mapping === null) throw this.problem("must be a mapping");
    return Object.fromEntries(Object.keys(mapping).map((key) => [key, this.at(key).text()]));
  }

  /** What is left beside the known keys; each is worth a warning. */
  extras(known: readonly string[]): Extras {
    const mapping = this.#mapping();
    if (this.isThere && mapping === null) throw this.problem("must be a mapping");
    const typed = (this.#typed ?? {}) as Record<string, Plain>;
    const extras: Extras = {};
    for (const key of Object.keys(mapping ?? {}).sort()) {
      if (known.includes(key)) continue;
      extras[key] = typed[key] ?? null;
      const place = this.#place === "" ? key : `${this.#place}.${key}`;
      this.#file.warnings.push(`"${this.#file.path}" has the unknown key ${place}; it is kept`);
      const near = nearKey(key, known);
      if (near !== null) this.#file.misspelt.push(this.#misspelt(place, near));
    }
    return extras;
  }

  problem(reason: string): UserError {
    const what = this.#place === "" ? "the file" : this.#place;
    return new UserError(
      "validation",
      `Cannot use "${this.#file.path}" as a bundle definition: ${what} ${reason}`,
      { hint: "palette content build --metadata-only writes a whole one" },
    );
  }

  #misspelt(place: string, near: string): UserError {
    const what = `Cannot use "${this.#file.path}" as a bundle definition`;
    return new UserError("validation", `${what}: there is no key ${place}`, {
      hint: `Did you mean ${near}?`,
    });
  }

  #mapping(): { [key: string]: Value } | null {
    return typeof this.#value === "object" && !Array.isArray(this.#value) ? this.#value : null;
  }
}
