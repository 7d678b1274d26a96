import { assertEquals } from "@std/assert";
import type { AnyCommand } from "../../lib/commands/command.ts";
import { buildTree } from "../../lib/commands/tree.ts";

const tree = await buildTree("all", () => {}, () => {});

function* leavesOf(command: AnyCommand, path: string[] = []): Generator<[string, AnyCommand]> {
  const children = command.getCommands(true);
  if (children.length === 0) yield [path.join(" "), command];
  for (const child of children) yield* leavesOf(child, [...path, child.getName()]);
}

const leaves = [...leavesOf(tree)];

function* groupsOf(command: AnyCommand, path: string[] = []): Generator<[string, AnyCommand]> {
  const children = command.getCommands(true);
  if (children.length > 0) yield [path.join(" "), command];
  for (const child of children) yield* groupsOf(child, [...path, child.getName()]);
}

/** The documented commands are the floor. */
const DOCUMENTED: Record<string, string[]> = {
  "completion": [],
  "import": ["kubeconfig", "kubeconfig-dir", "uuid", "encryption-passphrase"],
  "content copy": [
    ...["source", "destination", "annotation-selector", "arch", "ca-cert", "insecure"],
    ...["tls-cert", "tls-key", "progress"],
  ],
  "content definition": ["arch", "ca-cert", "insecure", "tls-cert", "tls-key", "progress"],
  "content diff": ["ca-cert", "insecure", "tls-cert", "tls-key"],
  "content serve": [
    ...["arch", "bundle", "ca-cert", "disk", "host", "insecure", "port", "progress"],
    ...["tls-cert", "tls-key"],
  ],
  "content list": [
    ...["repo", "arch", "ca-cert", "insecure", "tls-cert", "tls-key", "progress"],
  ],
  "content push": [
    ...["file", "registry", "annotation-selector", "arch", "ca-cert", "insecure", "tls-cert"],
    ...["tls-key", "progress"],
  ],
  "content save": [
    ...["source", "output", "compression-level", "definition-only", "arch", "ca-cert"],
    ...["insecure", "tls-cert", "tls-key", "progress"],
  ],
  "content registry-login": [
    ...["registry", "username", "password", "arch", "ca-cert", "insecure", "tls-cert", "tls-key"],
    ...["progress", "encryption-passphrase"],
  ],
  "content build": [
    ...["profiles", "packs", "metadata-file", "metadata-only", "project-id", "name", "arch"],
    ...["output", "cluster-definition-name", "cluster-definition-profile-ids", "custom-ui"],
    ...["download-cluster-config-only", "existing-bundles", "exclude-profiles", "images-only"],
    ...["include-packs", "include-service-images", "include-core-palette-images-only", "fips"],
    ...["application-release-name", "application-release-version", "application-release-notes"],
    ...["compression-level", "private-key", "encryption-passphrase", "push", "registry"],
    ...["build-type", "skip-cleanup", "insecure", "ca-cert", "tls-cert", "tls-key", "progress"],
  ],
  "login": [
    "api-key",
    "console-url",
    "org",
    "project",
    "cluster-group-name",
    "cluster-group-scope",
    "insecure",
    "ubuntu-pro-token",
    "acknowledge-banner",
    "encryption-passphrase",
  ],
  "pde login": ["api-key", "console-url", "project", "cluster-group-name", "cluster-group-scope"],
  "project deactivate": [],
  "project list": [],
  "project switch": ["name"],
  "pde project list": [],
  "pde project switch": ["name"],
  "pde registry create helm": ["name", "endpoint", "username", "password"],
  "pde registry create oci": ["name", "endpoint", "username", "password"],
  "pde registry delete": ["name", "type"],
  "pde registry list": ["type"],
  "version": [],
  "pde app create cluster-group": [
    ...["app-profile-name", "app-profile-version", "cluster-group-name", "name"],
    ...["virtual-cluster-name", "cpu", "memory", "storage", "encryption-passphrase"],
  ],
  "pde app create interactive": ["encryption-passphrase"],
  "pde app create virtual-cluster": [
    ...["app-profile-name", "app-profile-version", "name", "virtual-cluster-name"],
    "encryption-passphrase",
  ],
  "pde app delete": ["name", "encryption-passphrase"],
  "pde app list": ["name", "encryption-passphrase"],
  "pde app update": ["name", "encryption-passphrase"],
  "pde app-profile create from-config": ["config-file", "encryption-passphrase"],
  "pde app-profile create interactive": ["config-only", "encryption-passphrase"],
  "pde app-profile delete": ["name", "version", "encryption-passphrase"],
  "pde app-profile describe": ["name", "version", "encryption-passphrase"],
  "pde app-profile list": ["name-filter", "encryption-passphrase"],
  "pde app-profile versions": ["name", "encryption-passphrase"],
  "pde cluster-group list": ["encryption-passphrase"],
  "pde cluster-group switch": ["name", "scope", "encryption-passphrase"],
  "pde virtual-cluster create": [
    ...["name", "cluster-group-name", "cluster-group-scope", "cpu", "memory", "storage", "tags"],
    "encryption-passphrase",
  ],
  "pde virtual-cluster delete": ["name", "encryption-passphrase"],
  "pde virtual-cluster download-kubeconfig": ["name", "path", "encryption-passphrase"],
  "pde virtual-cluster events": [
    ...["name", "limit", "max-age", "severity", "encryption-passphrase"],
  ],
  "pde virtual-cluster lifecycle": ["name", "action", "encryption-passphrase"],
  "pde virtual-cluster list": ["encryption-passphrase"],
  "pde virtual-cluster resize": ["name", "cpu", "memory", "storage", "encryption-passphrase"],
};

for (const [path, flags] of Object.entries(DOCUMENTED)) {
  Deno.test(`palette ${path} takes its documented flags`, () => {
    const command = leaves.find(([name]) => name === path)?.[1];
    const names = command?.getOptions(true).map(({ name }) => name) ?? [];
    assertEquals(flags.filter((flag) => !names.includes(flag)), []);
    assertEquals(command === undefined, false);
  });
}

/** Flags of a command, the global ones too, that say nothing about themselves. */
function bareFlags(command: AnyCommand): string[] {
  return command.getOptions(true).filter(({ description }) => !description)
    .map(({ name }) => name);
}

for (const [path, command] of groupsOf(tree)) {
  Deno.test(`palette ${path} has a description, and described flags`, () => {
    assertEquals(command.getDescription() === "", false);
    assertEquals(bareFlags(command), []);
  });
}

Deno.test("what only old scripts call is hidden, as a whole", () => {
  const visible = (command?: AnyCommand) => command?.getCommands(false).map((c) => c.getName());
  assertEquals(visible(tree)?.includes("completions"), false);
  const pde = tree.getCommand("pde");
  assertEquals(visible(pde)?.filter((name) => ["login", "project"].includes(name)), []);
  assertEquals(visible(pde?.getCommand("project", true)), visible(tree.getCommand("project")));
});

for (const [path, command] of leaves) {
  Deno.test(`palette ${path} has a description, an example, its exit status, and described flags`, () => {
    assertEquals(command.getDescription() === "", false);
    if (!path.startsWith("completions")) {
      assertEquals(command.getExamples().length > 0, true);
      assertEquals(typeof command.getMeta("Exit status"), "string");
    }
    assertEquals(bareFlags(command), []);
  });

  Deno.test(`palette ${path} leaves the short flags of the root alone`, () => {
    const taken = command.getBaseOptions(true).flatMap(({ flags }) => flags)
      .filter((flag) => ["-c", "-l", "-w", "-q"].includes(flag));
    assertEquals(taken, []);
  });
}

for (
  const [words, names] of [
    [["content", "verify", "build"], ["verify"]],
    [["pde", "registry", "create", "oci"], ["registry", "create", "oci"]],
    [["project", "current"], ["current"]],
  ] as const
) {
  Deno.test(`of ${words.join(" ")} only what it names is built`, async () => {
    const built: string[] = [];
    const collect = (command: AnyCommand) => {
      for (const child of command.getCommands(true)) {
        built.push(child.getName());
        collect(child);
      }
    };
    const [branch] = (await buildTree(words, () => {}, () => {})).getCommands(true);
    if (branch !== undefined) collect(branch);
    assertEquals(built, [...names]);
  });
}

Deno.test("a group is built whole where argv names nothing of it, or a slip", async () => {
  const whole = tree.getCommand("content")?.getCommands().map((command) => command.getName());
  for (const words of [["content"], ["content", "verfy"]]) {
    const [branch] = (await buildTree(words, () => {}, () => {})).getCommands(true);
    assertEquals(branch?.getCommands().map((command) => command.getName()), whole);
  }
});
