/**
 * Writes dist/reference/, a page of Markdown for every command, out of the command tree that help
 * and completion come from. Hidden commands are left out.
 */

import type { AnyCommand } from "../lib/commands/command.ts";
import { EXIT_STATUS } from "../lib/commands/command.ts";
import { Choice } from "../lib/commands/options/choice.ts";
import { Duration, WholeNumber, Words } from "../lib/commands/options/types.ts";
import { buildTree } from "../lib/commands/tree.ts";

/** A file of the reference. */
export interface Page {
  name: string;
  text: string;
}

type Flag = ReturnType<AnyCommand["getOptions"]>[number];
type Example = ReturnType<AnyCommand["getExamples"]>[number];

const OUTPUT = decodeURIComponent(new URL("../dist/reference/", import.meta.url).pathname);
const INDEX = "index.md";
const NONE = "-";

/** Variables that belong to no flag of their own. */
const VARIABLES: readonly [string, string][] = [
  ["CI", "`true`: never ask, as with `--no-input`"],
  ["HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "proxies of every connection"],
  ["PALETTE_API_KEY, PALETTE_CONSOLE_URL", "a session without a file: the key and its address"],
  ["PALETTE_CA_FILE", "certificates to trust beside the system's, for a session without a file"],
  ["PALETTE_NEW_ENCRYPTION_PASSWORD", "the new passphrase of `config rekey`"],
  ["PALETTE_NEW_ENCRYPTION_PASSWORD_FILE", "file with the new passphrase of `config rekey`"],
  ["PALETTE_PROJECT", "the project to work in, by name or uid, instead of the active one"],
  ["PALETTE_SIGNING_KEY_PASSPHRASE", "passphrase of an encrypted key that bundles are signed with"],
];

if (import.meta.main) await writeReference(OUTPUT);

/** Writes all pages; what was in the folder before goes. */
export async function writeReference(folder: string): Promise<void> {
  const pages = await makePages();
  await Deno.remove(folder, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.mkdir(folder, { recursive: true });
  for (const { name, text } of pages) await Deno.writeTextFile(`${folder}/${name}`, text);
}

/** All pages of the reference, the index first. */
export async function makePages(): Promise<Page[]> {
  const root = await buildTree("all", () => {}, () => {});
  const commands = [...below(root)];
  return [indexPage(root, commands), ...commands.map((command) => commandPage(command, root))];
}

/** Every command below one, each before those it holds. */
function* below(command: AnyCommand): Generator<AnyCommand> {
  for (const child of command.getCommands(false)) {
    yield child;
    yield* below(child);
  }
}

function indexPage(root: AnyCommand, commands: AnyCommand[]): Page {
  const flags = [root, ...commands].flatMap((command) => command.getBaseOptions(false));
  const text = document([
    "# palette",
    ...paragraphs(root.getDescription()),
    heading("Commands"),
    table(
      ["Command", "What it does"],
      commands.map((command) => [linkTo(command), escape(command.getShortDescription())]),
    ),
    heading("Global flags"),
    "Every command takes them.",
    flagTable(root, root.getBaseOptions(false)),
    heading("Environment variables"),
    "A flag beats its variable. An empty variable counts as not set.",
    variableTable([
      ...variablesOf(flags).filter(([name]) => !VARIABLES.some(([names]) => isAmong(name, names))),
      ...VARIABLES,
    ]),
    heading("Exit status"),
    `${root.getMeta(EXIT_STATUS)}, 143 terminated.`,
  ]);
  return { name: INDEX, text };
}

function commandPage(command: AnyCommand, root: AnyCommand): Page {
  const parent = command.getParent();
  const links = [
    ...(parent === undefined || parent === root ? [] : [linkTo(parent)]),
    `[All commands](${INDEX})`,
  ];
  const text = document([
    `# ${command.getPath()}`,
    ...paragraphs(command.getDescription()),
    ...(command.hasCommands(false) ? groupParts(command) : leafParts(command, root)),
    links.join(" · "),
  ]);
  return { name: pageName(command), text };
}

function groupParts(command: AnyCommand): string[] {
  return [
    heading("Synopsis"),
    fenced("sh", `${command.getPath()} COMMAND`),
    heading("Commands"),
    table(
      ["Command", "What it does"],
      command.getCommands(false)
        .map((child) => [linkTo(child), escape(child.getShortDescription())]),
    ),
  ];
}

function leafParts(command: AnyCommand, root: AnyCommand): string[] {
  const own = command.getBaseOptions(false);
  const global = root.getBaseOptions(false);
  return [
    heading("Synopsis"),
    fenced("sh", synopsis(command)),
    ...argumentParts(command),
    heading("Flags"),
    own.length === 0 ? "None of its own." : flagTable(command, own),
    heading("Global flags"),
    flagTable(command, global),
    heading("Environment variables"),
    variableTable(variablesOf([...own, ...global])),
    `A session can come from [further variables](${INDEX}#environment-variables).`,
    heading("Examples"),
    ...command.getExamples().flatMap(exampleParts),
    heading("Exit status"),
    `${
      command.getMeta(EXIT_STATUS)
    }; when it is stopped, [as every command](${INDEX}#exit-status).`,
  ];
}

function argumentParts(command: AnyCommand): string[] {
  const rows = command.getArguments()
    .map(({ name, type }) => [code(`<${name}>`), takes(type, command)]);
  return rows.length === 0 ? [] : [heading("Arguments"), table(["Argument", "Value"], rows)];
}

function synopsis(command: AnyCommand): string {
  const words = command.getArguments()
    .map(({ name, optional }) => optional ? `[${name}]` : `<${name}>`);
  return [command.getPath(), ...words, "[flags]"].join(" ");
}

function exampleParts({ name, description }: Example): string[] {
  return [`${escape(name)}:`, fenced("sh", description)];
}

function flagTable(command: AnyCommand, flags: Flag[]): string {
  const rows = flags.map((flag) => {
    const { meaning, fallback } = explain(flag);
    const names = [...flag.flags].sort((a, b) => a.length - b.length).map(code).join(", ");
    return [
      names,
      valueOf(flag, command),
      escape(fallback) || NONE,
      `${escape(meaning)}${limitsOf(flag)}`,
    ];
  });
  return table(["Flag", "Value", "Default", "Meaning"], rows);
}

function valueOf(flag: Flag, command: AnyCommand): string {
  const [value] = flag.args;
  if (value === undefined) return "switch";
  return `${takes(value.type, command)}${flag.collect ? "; can be repeated" : ""}`;
}

/** What a flag or argument of a type takes. */
function takes(type: string, command: AnyCommand): string {
  const handler: unknown = command.getType(type)?.handler;
  if (handler instanceof Choice) return handler.values().map(code).join(", ");
  if (handler instanceof WholeNumber) return "whole number";
  if (handler instanceof Duration) return "time, as in `90s`, `15m` or `1h30m`";
  if (handler instanceof Words) return "words, commas between";
  return type === "string" ? "text" : type;
}

/** What a flag goes with, and what not. */
function limitsOf({ depends = [], conflicts = [] }: Flag): string {
  const list = (names: string[]) => names.map((name) => code(`--${name}`)).join(", ");
  return [
    depends.length === 0 ? "" : ` Needs ${list(depends)}.`,
    conflicts.length === 0 ? "" : ` Not with ${list(conflicts)}.`,
  ].join("");
}

/** What a description says, in its parts. */
export interface Explanation {
  /** Without default and variable. */
  meaning: string;
  /** Empty when there is none. */
  fallback: string;
  /** Empty when there is none. */
  variable: string;
}

/**
 * Takes a description apart. Help shows descriptions alone, so they say all: `; X by default` or
 * `X (default)`, and `(env VARIABLE)`.
 */
export function explain({ description }: Pick<Flag, "description">): Explanation {
  const text = typeof description === "string" ? description : "";
  const variable = / \(env ([A-Z_]+)\)/.exec(text);
  const plain = text.replace(variable?.[0] ?? "", "");
  const after = /; ([^;]+?) by default/.exec(plain);
  const among = /(\S+) \(default\)/.exec(plain);
  return {
    meaning: plain.replace(after?.[0] ?? "", ""),
    fallback: after?.[1] ?? among?.[1] ?? "",
    variable: variable?.[1] ?? "",
  };
}

/** Variables of flags with what they stand for, each once. */
function variablesOf(flags: Flag[]): [string, string][] {
  const found = new Map<string, string>();
  for (const flag of flags) {
    const { variable } = explain(flag);
    const name = flag.flags.find((text) => text.startsWith("--")) ?? "";
    const known = VARIABLES.find(([names]) => names === variable);
    if (variable !== "") found.set(variable, known?.[1] ?? `as ${code(name)}`);
  }
  return [...found];
}

function variableTable(variables: readonly [string, string][]): string {
  const sorted = [...variables].sort(([a], [b]) => a < b ? -1 : 1);
  return table(
    ["Variable", "Meaning"],
    sorted.map(([names, meaning]) => [names.split(", ").map(code).join(", "), meaning]),
  );
}

function isAmong(name: string, names: string): boolean {
  return names.split(", ").includes(name);
}

/** Parts of a description: paragraphs, and runs of indented lines, which stay as they are. */
function paragraphs(text: string): string[] {
  const runs: { kind: "text" | "block" | "gap"; lines: string[] }[] = [];
  for (const line of text.split("\n")) {
    const kind = line === "" ? "gap" : line.startsWith(" ") ? "block" : "text";
    const last = runs.at(-1);
    if (last?.kind === kind) last.lines.push(line);
    else runs.push({ kind, lines: [line] });
  }
  return runs.filter(({ kind }) => kind !== "gap").map(({ kind, lines }) =>
    kind === "text"
      ? escape(lines.join("\n"))
      : fenced("text", lines.map((line) => line.trimStart()).join("\n"))
  );
}

/** Files lie side by side; no command has a `_` in its name. */
function pageName(command: AnyCommand): string {
  return `${command.getPath().split(" ").slice(1).join("_")}.md`;
}

function linkTo(command: AnyCommand): string {
  return `[${command.getPath().split(" ").slice(1).join(" ")}](${pageName(command)})`;
}

function document(parts: string[]): string {
  return `${parts.join("\n\n")}\n`;
}

function heading(text: string): string {
  return `## ${text}`;
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

function table(columns: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  return [line(columns), line(columns.map(() => "---")), ...rows.map(line)].join("\n");
}

function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}

/** Text without a meaning in Markdown. */
function escape(text: string): string {
  return text.replace(/[\\`*_[\]<>|]/g, "\\$&");
}
