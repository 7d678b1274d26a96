/**
 * Writes dist/man/man1/, a page of the manual for the program and for every command, out of the
 * command tree that help and completion come from: `man -M dist/man palette`.
 */

import { escapeLine, escapeText, inline, quoted } from "./roff.ts";
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
import { VERSION } from "../lib/version.ts";

const OUTPUT = decodeURIComponent(new URL("../dist/man/man1/", import.meta.url).pathname);
/** In SEE ALSO of every page that has no group above it. */
const PROGRAM = "palette";

/** A page of the manual. */
export interface ManualPage {
  /** `palette-content-build.1` */
  name: string;
  text: string;
}

if (import.meta.main) {
  await writeManual(OUTPUT, Deno.env.get("SOURCE_DATE_EPOCH"));
  Deno.stderr.writeSync(new TextEncoder().encode("Wrote dist/man/man1/\n"));
}

/**
 * Writes all pages; those of commands that are no more go, other files stay.
 * @param epoch Time of the build in seconds, as `SOURCE_DATE_EPOCH` has it; pages have no date
 *   without it.
 */
export async function writeManual(
  folder: string,
  epoch = "",
): Promise<void> {
  const pages = await makeManual(buildDate(epoch));
  await Deno.mkdir(folder, { recursive: true });
  for await (const { name } of Deno.readDir(folder)) {
    if (/^palette(-.+)?\.1$/.test(name)) await Deno.remove(`${folder}/${name}`);
  }
  for (const { name, text } of pages) await Deno.writeTextFile(`${folder}/${name}`, text);
}

/**
 * All pages, that of the program first.
 * @param date As it is printed; empty for none.
 */
export async function makeManual(date: string): Promise<ManualPage[]> {
  const program = await describeProgram();
  const commands = [...commandsBelow(program)];
  const pages = [
    { name: `${PROGRAM}.1`, text: programPage(program, date) },
    ...commands.map((command) => ({
      name: `${pageName(command)}.1`,
      text: commandPage(command, { program, commands, date }),
    })),
  ];
  const names = new Set(pages.map(({ name }) => name));
  if (names.size !== pages.length) throw new Error("two commands have one page in the manual");
  return pages;
}

/**
 * The day of a build; empty when nobody says it, so that pages are the same each time.
 * @param epoch In seconds since 1970.
 */
export function buildDate(epoch = ""): string {
  if (!/^\d{1,11}$/.test(epoch)) return "";
  return new Date(Number(epoch) * 1_000).toISOString().slice(0, 10);
}

function programPage(program: CommandDescription, date: string): string {
  return page([
    ...title(PROGRAM, date),
    ...nameSection(PROGRAM, program.summary),
    ...section("SYNOPSIS", [`.B ${PROGRAM}`, ".I COMMAND", "[\\fIflags\\fR]"]),
    ...section("DESCRIPTION", [
      ...description(program),
      ".PP",
      inline("Every command has a page of its own: `palette content build` is described in"),
      ".BR palette\\-content\\-build (1).",
    ]),
    ...section("COMMANDS", program.children.flatMap(commandItem)),
    ...section("OPTIONS", [
      "Every command takes these, before and after its name.",
      ...program.flags.flatMap(flagItem),
    ]),
    ...section("ENVIRONMENT", [
      "A flag beats its variable. An empty variable counts as not set.",
      ...allVariables(program).flatMap(variableItem),
    ]),
    ...section("EXIT STATUS", exitStatus(program.exitStatus)),
    ...section(
      "EXAMPLES",
      exampleItem({
        title: "Log in, then list the projects",
        commands: "palette login\npalette project list",
      }),
    ),
    ...seeAlso(program.children),
  ]);
}

interface Surroundings {
  program: CommandDescription;
  commands: CommandDescription[];
  date: string;
}

function commandPage(
  command: CommandDescription,
  { program, commands, date }: Surroundings,
): string {
  const parent = commands.find(({ children }) => children.includes(command)) ?? program;
  const isGroup = command.children.length > 0;
  return page([
    ...title(pageName(command), date),
    ...nameSection(pageName(command), command.summary),
    ...section("SYNOPSIS", [
      `.B ${escapeText(["palette", ...command.words].join(" "))}`,
      ...usageOf(command).map(usageWord),
    ]),
    ...section("DESCRIPTION", description(command)),
    ...(isGroup ? section("COMMANDS", command.children.flatMap(commandItem)) : []),
    ...(command.arguments.length === 0 ? [] : section("ARGUMENTS", argumentItems(command))),
    ...section("OPTIONS", [
      ...command.flags.flatMap(flagItem),
      ...(command.flags.length === 0 ? [] : [".SS Global options"]),
      ...program.flags.flatMap(flagItem),
    ]),
    ...section("ENVIRONMENT", [
      ...variablesOf([...command.flags, ...program.flags]).flatMap(variableItem),
      ".PP",
      "Further variables are in",
      ".BR palette (1).",
    ]),
    ...section("EXIT STATUS", exitStatus(command.exitStatus || program.exitStatus)),
    ...(isGroup ? [] : section("EXAMPLES", command.examples.flatMap(exampleItem))),
    ...seeAlso([
      ...(parent === program ? [] : [program]),
      parent,
      ...parent.children.filter((other) => other !== command),
      ...command.children,
    ]),
  ]);
}

function title(name: string, date: string): string[] {
  const parts = [name.toUpperCase(), "1", date, `palette ${VERSION}`, "Palette CLI"];
  return [
    `.TH ${parts.map(quoted).join(" ")}`,
    // Names of flags and variables are never broken in two.
    ".nh",
    ".ad l",
  ];
}

/** `man -k` reads this section: one line, name and summary apart by `\-`. */
function nameSection(name: string, summary: string): string[] {
  const text = summary.replace(/\.$/, "").replaceAll("\n", " ");
  return section("NAME", [`${escapeText(name)} \\- ${escapeText(text)}`]);
}

function section(heading: string, lines: string[]): string[] {
  return lines.length === 0 ? [] : [`.SH ${quoted(heading)}`, ...lines];
}

function description(command: CommandDescription): string[] {
  return partsOf(command.description).flatMap(({ kind, text }, at) => {
    const lines = text.split("\n").map(escapeLine);
    if (kind === "block") return [".PP", ".RS 4", ".EX", ...lines, ".EE", ".RE"];
    return at === 0 ? lines : [".PP", ...lines];
  });
}

function commandItem(command: CommandDescription): string[] {
  const name = escapeText(pageName(command));
  return [".TP", `.BR ${name} (1)`, escapeLine(command.summary)];
}

function argumentItems(command: CommandDescription): string[] {
  return command.arguments.flatMap(({ name, takes, isOptional }) => [
    ".TP",
    `.I ${quoted(name)}`,
    inline(`${sentence(takes)}${isOptional ? " Can be left out." : ""}`),
  ]);
}

function flagItem(flag: FlagDescription): string[] {
  const names = flag.names.map((name) => `\\fB${escapeText(name)}\\fR`).join(", ");
  const value = flag.placeholder === null ? "" : ` \\fI${escapeText(flag.placeholder)}\\fR`;
  return [".TP", `${names}${value}`, ...flagSentences(flag).map(inline)];
}

/** All that a flag has beside its meaning, each in a sentence. */
function flagSentences(flag: FlagDescription): string[] {
  const list = (names: string[]) => names.map((name) => `\`${name}\``).join(", ");
  // Of what a text or file is, and of choices that it lists, the meaning says enough.
  const isPlain = ["", "text", "file"].includes(flag.takes) || flag.takes.split(", ")
    .every((word) => /^`.*`$/.test(word) && flag.meaning.includes(word.slice(1, -1)));
  return [
    flag.meaning,
    isPlain ? "" : `Value: ${flag.takes}.`,
    flag.isRepeatable ? "Can be repeated." : "",
    flag.fallback === "" ? "" : `Default: ${flag.fallback}.`,
    flag.variable === "" ? "" : `Variable: \`${flag.variable}\`.`,
    flag.needs.length === 0 ? "" : `Needs ${list(flag.needs)}.`,
    flag.excludes.length === 0 ? "" : `Not with ${list(flag.excludes)}.`,
  ].filter((text) => text !== "");
}

function sentence(text: string): string {
  const [first = "", ...rest] = text;
  return `${first.toUpperCase()}${rest.join("")}.`;
}

function variableItem([names, meaning]: [string, string]): string[] {
  return [
    ".TP",
    inline(names.split(", ").map((name) => `\`${name}\``).join(", ")),
    inline(sentence(meaning)),
  ];
}

/** `0 done, 1 failed` as a list; what holds for every command is added. */
function exitStatus(text: string): string[] {
  const codes = new Map(
    `${text}, 130 interrupted, 143 terminated`.split(/, (?=\d)/)
      .map((item): [string, string] => [item.split(" ")[0] ?? "", item.replace(/^\d+ /, "")]),
  );
  return [...codes].flatMap(([code, meaning]) => [
    ".TP",
    `.B ${code}`,
    escapeLine(sentence(meaning)),
  ]);
}

function exampleItem({ title, commands }: CommandDescription["examples"][number]): string[] {
  const lines = commands.split("\n").map(escapeLine);
  return [".PP", escapeLine(`${title}:`), ".PP", ".RS 4", ".EX", ...lines, ".EE", ".RE"];
}

function seeAlso(commands: CommandDescription[]): string[] {
  return section(
    "SEE ALSO",
    commands.map((command, at) =>
      `.BR ${escapeText(pageName(command))} (1)${at === commands.length - 1 ? "" : ","}`
    ),
  );
}

function usageWord(word: string): string {
  const [, open = "", name = word, close = ""] = /^([<[]?)(.+?)([>\]]?)$/.exec(word) ?? [];
  const isOptional = open === "[";
  return `${isOptional ? open : ""}\\fI${escapeText(name)}\\fR${isOptional ? close : ""}`;
}

function pageName({ words }: CommandDescription): string {
  return [PROGRAM, ...words].join("-");
}

function page(lines: string[]): string {
  return [
    '.\\" Written by scripts/manual.ts out of the command tree',
    ...lines,
  ].map((line) => `${line}\n`).join("");
}
