/**
 * Macros of Palette: `{{.spectro.pack.NAME.options.uri}}` and the like, put into values before
 * anybody reads them. Other templates (`{{ $labels.pod }}` of an alert) are left alone.
 */

import type { Value } from "../../yaml/pointer.ts";
import { readYamlDocuments } from "../../yaml/yaml_documents.ts";

/** A macro as it stands in a text. */
interface Macro {
  text: string;
  /** `spectro.var.registry`; null when it is more than a name. */
  path: string | null;
  line: number;
}

/** Text with its macros taken out, so that it can be read as YAML, quoted or not. */
export interface MacroText {
  /** Whose it is, for messages: `pack "x"`. */
  owner: string;
  text: string;
  macros: Macro[];
}

/** What could not be put in. */
export interface UnresolvedMacro {
  owner: string;
  text: string;
  path: string | null;
  line: number;
}

const MACRO = /\{\{-?\s*([^{}]*?\.spectro\.[^{}]*?)\s*-?\}\}/g;
/** Private use characters: nobody types them. */
const PLACEHOLDER = /\ue000(\d+)\ue001/g;

/** Takes the macros out of a text. */
export function takeMacrosOut(text: string, owner: string): MacroText {
  const macros: Macro[] = [];
  let line = 1;
  let counted = 0;
  const plain = text.replaceAll(/[\ue000\ue001]/g, "").replace(
    MACRO,
    (whole: string, expression: string, offset: number, all: string) => {
      line += all.slice(counted, offset).split("\n").length - 1;
      counted = offset;
      const [, path = null] = /^\.(spectro\.[\w./-]+)$/.exec(expression) ?? [];
      macros.push({ text: whole, path, line });
      return `\ue000${macros.length - 1}\ue001`;
    },
  );
  return { owner, text: plain, macros };
}

/** Values of a pack, read. */
export interface PackValues {
  pack: string;
  source: MacroText;
  documents: Value[];
}

/** @throws {UserError} `validation` when they are no YAML. */
export function readPackValues(pack: string, text: string): PackValues {
  const owner = `pack "${pack}"`;
  const source = takeMacrosOut(text, owner);
  return { pack, source, documents: readYamlDocuments(source.text, `the values of ${owner}`) };
}

interface Found {
  text: string;
  /** Whose macros stand in it. */
  source: MacroText | null;
}

/** What macros stand for. */
export class MacroScope {
  readonly #packs: readonly PackValues[];
  readonly #given: ReadonlyMap<string, string>;
  readonly unresolved: UnresolvedMacro[] = [];

  /** @param given By path without its first dot: `spectro.var.registry`. It wins. */
  constructor(packs: readonly PackValues[], given: ReadonlyMap<string, string>) {
    this.#packs = packs;
    this.#given = given;
  }

  /** The same with nothing noted yet. */
  copy(): MacroScope {
    return new MacroScope(this.#packs, this.#given);
  }

  /** A text of `source` with what its macros stand for; those that stand for nothing are noted. */
  expand(text: string, source: MacroText, within: readonly string[] = []): string {
    return text.replace(PLACEHOLDER, (_, index: string) => {
      const macro = source.macros[Number(index)];
      if (macro === undefined) return "";
      const { path } = macro;
      const found = path === null || within.includes(path) ? null : this.#find(path);
      if (path === null || found === null) {
        this.#note({ owner: source.owner, ...macro });
        return macro.text;
      }
      if (found.source === null) return found.text;
      return this.expand(found.text, found.source, [...within, path]);
    });
  }

  #find(path: string): Found | null {
    const given = this.#given.get(path);
    if (given !== undefined) return { text: given, source: null };
    for (const { pack, source, documents } of this.#packs) {
      const prefix = `spectro.pack.${pack}.`;
      if (!path.startsWith(prefix)) continue;
      const keys = path.slice(prefix.length).split(".");
      for (const document of documents) {
        const text = textAt(document, keys);
        if (text !== null) return { text, source };
      }
    }
    return null;
  }

  #note(macro: UnresolvedMacro): void {
    const isKnown = this.unresolved.some(({ owner, text, line }) =>
      owner === macro.owner && text === macro.text && line === macro.line
    );
    const { owner, text, path, line } = macro;
    if (!isKnown) this.unresolved.push({ owner, text, path, line });
  }
}

/** A scalar by its keys; one key may hold several of them: `options` then `system.uri`. */
function textAt(value: Value, keys: readonly string[]): string | null {
  if (keys.length === 0) return typeof value === "string" ? value : null;
  if (typeof value === "string") return null;
  for (let count = 1; count <= keys.length; count++) {
    const key = keys.slice(0, count).join(".");
    const next = Array.isArray(value)
      ? /^\d+$/.test(key) ? value[Number(key)] : undefined
      : Object.hasOwn(value, key)
      ? value[key]
      : undefined;
    const text = next === undefined ? null : textAt(next, keys.slice(count));
    if (text !== null) return text;
  }
  return null;
}
