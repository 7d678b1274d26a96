import type { AnyCommand } from "../command.ts";

/** A completion script for PowerShell 5 and later, which Cliffy has none for. */
export function powershellScript(name: string, tree: AnyCommand): string {
  const table = entriesOf(tree, [])
    .map(({ path, words }) => `    ${quote(path)} = ${listOfPairs(words)}`);
  return `# PowerShell completion for ${name}
Register-ArgumentCompleter -Native -CommandName ${quote(name)} -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $table = @{
${table.join("\n")}
  }
  $path = ''
  foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {
    $word = $element.ToString()
    if ($element.Extent.EndOffset -ge $cursorPosition -and $wordToComplete) { break }
    $next = if ($path) { "$path $word" } else { $word }
    if ($table.ContainsKey($next)) { $path = $next }
  }
  foreach ($entry in $table[$path]) {
    if ($entry[0].StartsWith($wordToComplete)) {
      $text = if ($entry[1]) { $entry[1] } else { $entry[0] }
      [System.Management.Automation.CompletionResult]::new($entry[0], $entry[0], 'ParameterValue', $text)
    }
  }
}
`;
}

interface TableEntry {
  /** Command words below the program, joined by spaces. */
  path: string;
  /** Sub-commands and flags with their descriptions. */
  words: [string, string][];
}

function entriesOf(command: AnyCommand, path: string[]): TableEntry[] {
  const children = command.getCommands(false);
  const words: [string, string][] = [
    ...children.map((child): [string, string] => [child.getName(), child.getShortDescription()]),
    ...command.getOptions(false).flatMap((option) =>
      option.flags.map((flag): [string, string] => [flag, firstLine(option.description)])
    ),
  ];
  return [
    { path: path.join(" "), words },
    ...children.flatMap((child) => entriesOf(child, [...path, child.getName()])),
  ];
}

/** PowerShell flattens pairs that no comma keeps apart, and the only pair of a list. */
function listOfPairs(words: TableEntry["words"]): string {
  if (words.length === 0) return "@()";
  const pairs = words.map(([word, description]) => `@(${quote(word)}, ${quote(description)})`);
  return `@(\n      ${pairs.length === 1 ? "," : ""}${pairs.join(",\n      ")}\n    )`;
}

function firstLine(description: unknown): string {
  return typeof description === "string" ? description.split("\n")[0] ?? "" : "";
}

/** A verbatim string: only the quote itself is special, in all the shapes PowerShell accepts. */
function quote(text: string): string {
  return `'${text.replace(/['\u2018\u2019\u201a\u201b]/g, "$&$&")}'`;
}
