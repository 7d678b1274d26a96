/**
 * Writes dist/reference/, a page of Markdown for every command, out of the command tree that help
 * and completion come from. Hidden commands are left out.
 */

import {
  allVariables,
  type CommandDescription,
  commandsBelow,
  describeProgram,
  type FlagDescription,
  partsOf,
  usageOf,
  variablesOf,
} from "./describe.ts";

/** A file of the reference. */
export interface Page {
  name: string;
  text: string;
}

const OUTPUT = decodeURIComponent(new URL("../dist/reference/", import.meta.url).pathname);
const INDEX = "index.md";
const NONE = "-";

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
  const program = await describeProgram();
  const commands = [...commandsBelow(program)];
  return [
    indexPage(program, commands),
    ...commands.map((command) => commandPage(command, commands, program)),
  ];
}

function indexPage(program: CommandDescription, commands: CommandDescription[]): Page {
  const text = document([
    "# palette",
    ...paragraphs(program.description),
    heading("Commands"),
    table(
      ["Command", "What it does"],
      commands.map((command) => [linkTo(command), escape(command.summary)]),
    ),
    heading("Global flags"),
    "Every command takes them.",
    flagTable(program.flags),
    heading("Environment variables"),
    "A flag beats its variable. An empty variable counts as not set.",
    variableTable(allVariables(program)),
    heading("Exit status"),
    `${program.exitStatus}, 143 terminated.`,
  ]);
  return { name: INDEX, text };
}

function commandPage(
  command: CommandDescription,
  commands: CommandDescription[],
  program: CommandDescription,
): Page {
  const parent = commands.find(({ children }) => children.includes(command));
  const links = [
    ...(parent === undefined ? [] : [linkTo(parent)]),
    `[All commands](${INDEX})`,
  ];
  const text = document([
    `# palette ${command.words.join(" ")}`,
    ...paragraphs(command.description),
    heading("Synopsis"),
    fenced("sh", ["palette", ...command.words, ...usageOf(command)].join(" ")),
    ...(command.children.length > 0 ? groupParts(command) : leafParts(command, program)),
    links.join(" · "),
  ]);
  return { name: pageName(command), text };
}

function groupParts({ children }: CommandDescription): string[] {
  return [
    heading("Commands"),
    table(
      ["Command", "What it does"],
      children.map((child) => [linkTo(child), escape(child.summary)]),
    ),
  ];
}

function leafParts(command: CommandDescription, program: CommandDescription): string[] {
  return [
    ...argumentParts(command),
    heading("Flags"),
    command.flags.length === 0 ? "None of its own." : flagTable(command.flags),
    heading("Global flags"),
    flagTable(program.flags),
    heading("Environment variables"),
    variableTable(variablesOf([...command.flags, ...program.flags])),
    `A session can come from [further variables](${INDEX}#environment-variables).`,
    heading("Examples"),
    ...command.examples.flatMap(({ title, commands }) => [
      `${escape(title)}:`,
      fenced("sh", commands),
    ]),
    heading("Exit status"),
    `${command.exitStatus}; when it is stopped, [as every command](${INDEX}#exit-status).`,
  ];
}

function argumentParts(command: CommandDescription): string[] {
  const rows = command.arguments.map(({ name, takes }) => [code(`<${name}>`), takes]);
  return rows.length === 0 ? [] : [heading("Arguments"), table(["Argument", "Value"], rows)];
}

function flagTable(flags: FlagDescription[]): string {
  const rows = flags.map((flag) => [
    flag.names.map(code).join(", "),
    valueOf(flag),
    escape(flag.fallback) || NONE,
    `${escape(flag.meaning)}${limitsOf(flag)}`,
  ]);
  return table(["Flag", "Value", "Default", "Meaning"], rows);
}

function valueOf({ placeholder, takes, isRepeatable }: FlagDescription): string {
  if (placeholder === null) return "switch";
  return `${takes}${isRepeatable ? "; can be repeated" : ""}`;
}

/** What a flag goes with, and what not. */
function limitsOf({ needs, excludes }: FlagDescription): string {
  const list = (names: string[]) => names.map(code).join(", ");
  return [
    needs.length === 0 ? "" : ` Needs ${list(needs)}.`,
    excludes.length === 0 ? "" : ` Not with ${list(excludes)}.`,
  ].join("");
}

function variableTable(variables: readonly [string, string][]): string {
  return table(
    ["Variable", "Meaning"],
    variables.map(([names, meaning]) => [names.split(", ").map(code).join(", "), meaning]),
  );
}

function paragraphs(description: string): string[] {
  return partsOf(description)
    .map(({ kind, text }) => kind === "text" ? escape(text) : fenced("text", text));
}

/** Files lie side by side; no command has a `_` in its name. */
function pageName({ words }: CommandDescription): string {
  return `${words.join("_")}.md`;
}

function linkTo(command: CommandDescription): string {
  return `[${command.words.join(" ")}](${pageName(command)})`;
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
