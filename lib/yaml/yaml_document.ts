/**
 * The exact position and text of things in a YAML (or JSON) file: for edits that keep comments,
 * order and unknown keys, and for errors with line and column. Loads the editing library, so import
 * it when something is written or has gone wrong.
 */

import {
  Document,
  isCollection,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  parseAllDocuments,
  Scalar,
  visit,
} from "yaml";
import { yamlError } from "./yaml_error.ts";

/** A value to write. Strings that other readers would take for something else are quoted. */
export type Writable = string | number | boolean | { [key: string]: Writable };

/** Forces double quotes, on one line: how secrets and the encryption block are written. */
export class Quoted {
  constructor(readonly text: string) {}
}

export type Entry = Writable | Quoted | { [key: string]: Entry };

/**
 * Refuses what could make two readers see two things.
 * @throws {UserError} `validation`, with line and column.
 */
export function refuseIndirection(text: string, path: string): void {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { schema: "failsafe", lineCounter: lines });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `at line ${line}, column ${col}`;
  };
  if (!Array.isArray(documents)) return;
  const refuse = (what: string, offset: number) =>
    yamlError(path, `${what} cannot be used in this file, ${at(offset)}`);
  if (documents[1] !== undefined) {
    throw refuse("several documents", documents[1].range?.[0] ?? 0);
  }
  const [document] = documents;
  if (document === undefined) return;
  const [problem] = document.errors;
  if (problem !== undefined) throw yamlError(path, problem.message.split("\n")[0] ?? "", problem);
  if (
    document.directives?.yaml.explicit || Object.keys(document.directives?.tags ?? {}).length > 1
  ) {
    throw refuse("a directive", 0);
  }
  visit(document, {
    Alias: (_, node) => {
      throw refuse("an alias", node.range?.[0] ?? 0);
    },
    Node: (_, node) => {
      if (node.anchor !== undefined) throw refuse("an anchor", node.range?.[0] ?? 0);
      if (node.tag !== undefined && !isDefaultTag(node)) {
        throw refuse("a tag", node.range?.[0] ?? 0);
      }
    },
    Pair: (_, pair) => {
      if (isScalar(pair.key) && pair.key.value === "<<" && pair.key.type === "PLAIN") {
        throw refuse("a merge key", pair.key.range?.[0] ?? 0);
      }
    },
  });
}

/** The library notes the tag of every collection, whether written or not. */
function isDefaultTag(node: Node): boolean {
  return /^tag:yaml\.org,2002:(map|seq|str)$/.test(node.tag ?? "") &&
    (node.srcToken === undefined || !("props" in node.srcToken));
}

/** One file being edited. */
export class YamlEditor {
  readonly #text: string;
  readonly #document: Document;
  readonly #lines = new LineCounter();
  readonly #changes: { path: string[]; entry: Entry | undefined }[] = [];

  /** @param path Names the file in errors. */
  constructor(text: string, path: string) {
    this.#text = text;
    const options = {
      schema: "failsafe",
      lineCounter: this.#lines,
      keepSourceTokens: false,
    } as const;
    const documents = parseAllDocuments(text, options);
    const [document] = Array.isArray(documents) ? documents : [];
    const [problem] = document?.errors ?? [];
    if (problem !== undefined) throw yamlError(path, problem.message.split("\n")[0] ?? "", problem);
    this.#document = document ?? new Document({}, options);
  }

  /** Writes a value, making missing mappings on the way. */
  set(path: string[], entry: Entry): void {
    this.#changes.push({ path, entry });
  }

  /** Takes a key out; nothing happens when it is not there. */
  remove(path: string[]): void {
    this.#changes.push({ path, entry: undefined });
  }

  /** `line 3, column 5` of a value; of the file's beginning when it is not there. */
  positionOf(path: string[]): string {
    const node = this.#document.getIn(path, true) as Node | undefined;
    const { line, col } = this.#lines.linePos(node?.range?.[0] ?? 0);
    return `line ${line}, column ${col}`;
  }

  /**
   * The new text. Where every change replaces a scalar by a scalar, or puts in or takes out a whole
   * top-level key, all other bytes stay as they are; else the document is written anew with its
   * comments and order.
   */
  toString(): string {
    const splices = this.#changes.map(({ path, entry }) =>
      this.#spliceOf(path, entry) ?? this.#topLevelSpliceOf(path, entry)
    );
    if (splices.every((splice) => splice !== null) && !overlap(splices)) {
      return applySplices(this.#text, splices);
    }
    for (const { path, entry } of this.#changes) {
      if (entry === undefined) this.#document.deleteIn(path);
      else this.#setIn(path, entry);
    }
    // The library takes one spacing for all `{ a: 1 }` of a file: the one that is there.
    const flowCollectionPadding = /[{[] [^\s]/.test(this.#text);
    return this.#document.toString({ lineWidth: 0, flowCollectionPadding });
  }

  #spliceOf(path: string[], entry: Entry | undefined): Splice | null {
    const node = this.#document.getIn(path, true);
    if (!isScalar(node) || !node.range || !isOneLine(node)) return null;
    if (entry === undefined || (typeof entry === "object" && !(entry instanceof Quoted))) {
      return null;
    }
    const [from, to] = node.range;
    // An empty value has no text of its own to put the new one in place of.
    if (from === to) return null;
    return { from, to, text: scalarText(entry, node.type === "QUOTE_DOUBLE") };
  }

  /** Whole lines of a key at the left edge; null when the file is not written that way. */
  #topLevelSpliceOf(path: string[], entry: Entry | undefined): Splice | null {
    const [key, ...below] = path;
    const { contents } = this.#document;
    if (key === undefined || below.length > 0 || !isMap(contents) || contents.flow) return null;
    // A file may be indented as a whole.
    if (!/(^|\n)$/.test(this.#text.slice(0, contents.range?.[0] ?? 0))) return null;
    const pair = contents.items.find((item) => isScalar(item.key) && item.key.value === key);
    const from = (pair?.key as Scalar | undefined)?.range?.[0];
    const to = (pair?.value as Node | null | undefined)?.range?.[2];
    if (pair === undefined) {
      const end = this.#text.length;
      const gap = this.#text === "" || this.#text.endsWith("\n") ? "" : this.#newline;
      const text = entry === undefined ? "" : gap + this.#linesOf(key, entry);
      return { from: end, to: end, text };
    }
    if (from === undefined || to === undefined) return null;
    return { from, to, text: entry === undefined ? "" : this.#linesOf(key, entry) };
  }

  get #newline(): string {
    return this.#text.includes("\r\n") ? "\r\n" : "\n";
  }

  #linesOf(key: string, entry: Entry): string {
    const document = new Document({}, { schema: "failsafe" });
    document.setIn([key], this.#nodeOf(entry));
    return document.toString({ lineWidth: 0 }).replaceAll("\n", this.#newline);
  }

  #setIn(path: string[], entry: Entry): void {
    const parent = path.slice(0, -1);
    for (let length = 1; length <= parent.length; length++) {
      const at = parent.slice(0, length);
      if (!isCollection(this.#document.getIn(at, true))) {
        this.#document.setIn(at, this.#document.createNode({}));
      }
    }
    this.#document.setIn(path, this.#nodeOf(entry));
  }

  #nodeOf(entry: Entry): Node {
    if (entry instanceof Quoted || typeof entry !== "object") {
      const scalar = new Scalar(entry instanceof Quoted ? entry.text : String(entry));
      scalar.type = isQuoted(entry) ? "QUOTE_DOUBLE" : "PLAIN";
      return scalar;
    }
    const map = this.#document.createNode({}) as Node & { set(key: string, value: Node): void };
    for (const [key, value] of Object.entries(entry)) map.set(key, this.#nodeOf(value));
    return map;
  }
}

/** A piece of a text and what takes its place. */
export interface Splice {
  from: number;
  to: number;
  text: string;
}

/** Two pieces share text, or begin at one place without being the same. */
function overlap(splices: Splice[]): boolean {
  const sorted = splices.filter(({ from, to, text }) => from !== to || text !== "")
    .sort((a, b) => a.from - b.from || a.to - b.to);
  return sorted.some(({ from, to }, at) => {
    const next = sorted[at + 1];
    if (next === undefined || (next.from === from && next.to === to && from !== to)) return false;
    return next.from < to || next.from === from;
  });
}

/** Replaces pieces that do not overlap; a later one of the same piece wins. */
export function applySplices(text: string, splices: Splice[]): string {
  const last = new Map(splices.map((splice) => [splice.from, splice]));
  let result = text;
  for (const { from, to, text: piece } of [...last.values()].sort((a, b) => b.from - a.from)) {
    result = result.slice(0, from) + piece + result.slice(to);
  }
  return result;
}

function isOneLine(node: Scalar): boolean {
  return node.type === "PLAIN" || node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE";
}

function scalarText(entry: string | number | boolean | Quoted, wasQuoted: boolean): string {
  const text = entry instanceof Quoted ? entry.text : String(entry);
  return wasQuoted || isQuoted(entry) ? JSON.stringify(text) : text;
}

function isQuoted(entry: string | number | boolean | Quoted): boolean {
  return entry instanceof Quoted || (typeof entry === "string" && !isPlain(entry));
}

/** Plain in every context and a string for readers of the core schema (YAML 1.2.2, 10.3). */
function isPlain(text: string): boolean {
  return /^[A-Za-z_][\w./@:+-]*$/.test(text) && !text.endsWith(":") &&
    !/^(null|true|false|yes|no|on|off|y|n)$/i.test(text);
}
