import { assertEquals, assertStringIncludes } from "@std/assert";
import { explain } from "../../scripts/describe.ts";
import { makePages, writeReference } from "../../scripts/document.ts";
import type { AnyCommand } from "../../lib/commands/command.ts";
import { buildTree } from "../../lib/commands/tree.ts";

const LIB = new URL("../../lib/", import.meta.url);
const pages = await makePages();
const texts = new Map(pages.map(({ name, text }) => [name, text]));

function* visibleBelow(command: AnyCommand): Generator<AnyCommand> {
  for (const child of command.getCommands(false)) yield* [child, ...visibleBelow(child)];
}

Deno.test("the page of a command says all there is to say", () => {
  assertEquals(
    texts.get("pde_quota.md"),
    `# palette pde quota

Show what is left of your quota for virtual clusters, in the system's and in the tenant's cluster groups.

## Synopsis

\`\`\`sh
palette pde quota [flags]
\`\`\`

## Flags

| Flag | Value | Default | Meaning |
| --- | --- | --- | --- |
| \`-o\`, \`--format\` | \`table\`, \`json\`, \`yaml\` | table | Shape of the result: table (default), json or yaml. |
| \`-k\`, \`--encryption-passphrase\` | text | - | Passphrase of the encrypted values; other users can see it. |
| \`--encryption-passphrase-file\` | file | - | File with the passphrase, - for stdin. |
| \`--encryption-passphrase-command\` | text | - | Command that prints the passphrase; run without a shell. |
| \`--scope\` | \`system\`, \`tenant\` | - | Of these cluster groups alone: system or tenant. |

## Global flags

| Flag | Value | Default | Meaning |
| --- | --- | --- | --- |
| \`-c\`, \`--config\` | file | WORKSPACE/palette.yaml | Main configuration file. |
| \`-l\`, \`--log-level\` | \`panic\`, \`fatal\`, \`error\`, \`warn\`, \`info\`, \`debug\`, \`trace\` | info | Least that is logged: panic, fatal, error, warn, info (default), debug or trace. |
| \`--log-file\` | file | WORKSPACE/logs/palette.log | Log file. |
| \`-w\`, \`--workspace\` | file | ~/.palette | Folder for configuration and logs. |
| \`--no-input\` | switch | - | Never ask; also when CI=true. |
| \`-q\`, \`--quiet\` | switch | - | Only results and errors. |
| \`--no-color\` | switch | - | No escape codes. |

## Environment variables

| Variable | Meaning |
| --- | --- |
| \`NO_COLOR\` | as \`--no-color\` |
| \`PALETTE_CONFIG\` | as \`--config\` |
| \`PALETTE_ENCRYPTION_PASSWORD\` | as \`--encryption-passphrase\` |
| \`PALETTE_ENCRYPTION_PASSWORD_FILE\` | as \`--encryption-passphrase-file\` |
| \`PALETTE_FORMAT\` | as \`--format\` |
| \`PALETTE_LOG_LEVEL\` | as \`--log-level\` |
| \`PALETTE_NO_INPUT\` | as \`--no-input\` |
| \`PALETTE_WORKSPACE\` | as \`--workspace\` |

A session can come from [further variables](index.md#environment-variables).

## Examples

Whether another cluster of 4 cores fits:

\`\`\`sh
palette pde quota --scope system -o json | jq -e '.items[] | select(.resource == "cpu").left >= 4'
\`\`\`

## Exit status

0 done, 1 failed; when it is stopped, [as every command](index.md#exit-status).

[pde](pde.md) · [All commands](index.md)
`,
  );
});

Deno.test("the page of a group lists what it holds, with links", () => {
  assertEquals(
    texts.get("pde_registry_create.md"),
    `# palette pde registry create

Add a registry to the tenant.

## Synopsis

\`\`\`sh
palette pde registry create COMMAND
\`\`\`

## Commands

| Command | What it does |
| --- | --- |
| [pde registry create helm](pde_registry_create_helm.md) | Add a Helm registry to the tenant, once Palette has tried to reach it. |
| [pde registry create oci](pde_registry_create_oci.md) | Add an OCI registry to the tenant, once Palette has tried to reach it. |

[pde registry](pde_registry.md) · [All commands](index.md)
`,
  );
});

Deno.test("arguments, blocks and what a flag goes with have their place", () => {
  const completion = texts.get("completion.md") ?? "";
  assertStringIncludes(completion, "```text\nbash        source <(palette completion bash)\n");
  assertStringIncludes(completion, "palette completion <shell> [flags]");
  assertStringIncludes(completion, "| `<shell>` | `bash`, `fish`, `powershell`, `zsh` |");
  const create = texts.get("pde_registry_create_oci.md") ?? "";
  assertStringIncludes(
    create,
    "| `--timeout` | time, as in `90s`, `15m` or `1h30m` | 15m | How long --wait waits at most. " +
      "Needs `--wait`. |",
  );
  assertStringIncludes(create, "other users can see it here. Not with `--password-stdin`. |");
  assertStringIncludes(texts.get("project_list.md") ?? "", "\\* marks the active one");
});

Deno.test("every command that is not hidden has a page, and is in the index", async () => {
  const tree = await buildTree("all", () => {}, () => {});
  const paths = [...visibleBelow(tree)].map((command) => command.getPath().split(" ").slice(1));
  assertEquals(
    pages.map(({ name }) => name),
    ["index.md", ...paths.map((words) => `${words.join("_")}.md`)],
  );
  const index = texts.get("index.md") ?? "";
  for (const words of paths) {
    assertStringIncludes(index, `\n| [${words.join(" ")}](${words.join("_")}.md) | `);
  }
  assertEquals(pages.some(({ name }) => /completions|pde_login|pde_project/.test(name)), false);
});

Deno.test("every link leads to a page and a heading", () => {
  for (const { name, text } of pages) {
    for (const [link, target = "", anchor] of text.matchAll(/\]\(([^)#]+)(?:#([^)]+))?\)/g)) {
      const page = texts.get(target);
      assertEquals(page === undefined, false, `${name}: ${link}`);
      if (anchor === undefined) continue;
      const anchors = [...(page ?? "").matchAll(/^## (.+)$/gm)]
        .map(([, heading = ""]) => heading.toLowerCase().replaceAll(" ", "-"));
      assertEquals(anchors.includes(anchor), true, `${name}: ${link}`);
    }
  }
});

Deno.test("a description that speaks of a default or a variable does so in the one form", async () => {
  const tree = await buildTree("all", () => {}, () => {});
  for (const command of [tree, ...visibleBelow(tree)]) {
    for (const flag of command.getBaseOptions(false)) {
      const { meaning, fallback, variable } = explain(flag);
      const place = `${command.getPath()} ${flag.name}: ${flag.description}`;
      assertEquals(/default/.test(String(flag.description)) === (fallback !== ""), true, place);
      assertEquals(/\(env /.test(String(flag.description)) === (variable !== ""), true, place);
      assertEquals(/\.$/.test(meaning), true, place);
    }
  }
});

Deno.test("every variable that the program reads is in the index", async () => {
  const index = texts.get("index.md") ?? "";
  const names = new Set<string>();
  for await (const source of sourcesBelow(LIB)) {
    for (const [, name = ""] of source.matchAll(/"(PALETTE_[A-Z_]+)"/g)) names.add(name);
  }
  assertEquals(names.size > 10, true);
  assertEquals([...names].filter((name) => !index.includes(`\`${name}\``)), []);
});

async function* sourcesBelow(folder: URL): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* sourcesBelow(new URL(`${name}/`, folder));
    else if (name.endsWith(".ts")) yield await Deno.readTextFile(new URL(name, folder));
  }
}

Deno.test("writeReference() writes the same bytes each time, and takes away what was there", async () => {
  const folder = await Deno.makeTempDir({ prefix: "palette-reference-" });
  try {
    const output = `${folder}/dist/reference`;
    await writeReference(output);
    await Deno.writeTextFile(`${output}/gone.md`, "a command that is no more");
    await writeReference(output);
    const names = [...Deno.readDirSync(output)].map(({ name }) => name);
    assertEquals(names.sort(), pages.map(({ name }) => name).sort());
    for (const { name, text } of pages) {
      assertEquals(await Deno.readTextFile(`${output}/${name}`), text);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
