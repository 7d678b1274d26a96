import { Command } from "@cliffy/command";
import { LOG_LEVELS } from "../runtime/log.ts";
import { type AnyCommand, type BuildBranch, type Choose, EXIT_STATUS } from "./command.ts";
import { Choice } from "./options/choice.ts";

/** A first word of the command line. */
interface Branch {
  name: string;
  /** As root help shows it; the branch itself says more. */
  description: string;
  hidden?: true;
  load: () => Promise<{ build: BuildBranch }>;
}

/** The whole command line; loaded branch by branch. */
const BRANCHES: readonly Branch[] = [
  {
    name: "completion",
    description: "Print the completion script of a shell.",
    load: () => import("./completion/command.ts"),
  },
  {
    name: "completions",
    description: "What completion scripts call.",
    hidden: true,
    load: () => import("./completion/complete_command.ts"),
  },
  {
    name: "config",
    description: "Look at the configuration and its encryption, and change them.",
    load: () => import("./config/command.ts"),
  },
  {
    name: "content",
    description: "Build, check, carry and upload content bundles for hosts without a network.",
    load: () => import("./content/command.ts"),
  },
  {
    name: "import",
    description: "Import existing Kubernetes clusters into Palette.",
    load: () => import("./import/command.ts"),
  },
  {
    name: "login",
    description: "Log in to Palette and keep the API key encrypted.",
    load: () => import("./login/command.ts"),
  },
  {
    name: "logout",
    description: "Forget the stored credentials.",
    load: () => import("./logout/command.ts"),
  },
  {
    name: "pde",
    description: "Palette Dev Engine: clusters and apps for developers.",
    load: () => import("./pde/command.ts"),
  },
  {
    name: "project",
    description: "List projects and choose the active one.",
    load: () => import("./project/command.ts"),
  },
  {
    name: "support-bundle",
    description: "Collect logs and configuration for support, without secrets.",
    load: () => import("./support_bundle/command.ts"),
  },
  {
    name: "version",
    description: "Print the version.",
    load: () => import("./version/command.ts"),
  },
  {
    name: "whoami",
    description: "Tell whose key is in use, where, and whether it is still valid.",
    load: () => import("./whoami/command.ts"),
  },
];

/** Prints the help of a command. */
export type ShowHelp = (command: AnyCommand, isLong: boolean) => void;

/**
 * Builds the command tree.
 * @param words Of argv: what they name is built in full, what is beside it only where help or a
 *   suggestion may need it. `all` builds everything, for completion and the reference.
 */
export async function buildTree(
  words: readonly string[] | "all",
  choose: Choose,
  showHelp: ShowHelp,
): Promise<AnyCommand> {
  const root: AnyCommand = rootCommand(showHelp);
  const [wanted, ...rest] = words === "all" ? [] : words;
  // The other names only matter to root help and to suggestions.
  const isKnown = BRANCHES.some(({ name }) => name === wanted);
  for (const branch of isKnown ? BRANCHES.filter(({ name }) => name === wanted) : BRANCHES) {
    const command = words === "all" || wanted === branch.name
      ? (await branch.load()).build(choose, rest)
      : new Command().description(branch.description);
    if (branch.hidden) command.reset().hidden();
    root.command(branch.name, command);
    showHelpOfGroups(command, showHelp);
  }
  return root.reset();
}

/** A command that only holds others shows its help, at every depth. */
function showHelpOfGroups(command: AnyCommand, showHelp: ShowHelp): void {
  const children = command.getCommands(true);
  if (children.length === 0) return;
  command.reset().action(() => showHelp(command, false));
  for (const child of children) showHelpOfGroups(child, showHelp);
}

function rootCommand(showHelp: ShowHelp) {
  const root = new Command()
    .name("palette")
    .description("Command line for Spectro Cloud Palette.\n\nStart with palette login.")
    .meta(EXIT_STATUS, "0 done, 1 failed, 2 a check found something bad, 130 interrupted")
    .noExit()
    .globalType("log-level", new Choice(LOG_LEVELS))
    .globalOption(
      "-c, --config <file:file>",
      "Main configuration file; WORKSPACE/palette.yaml by default (env PALETTE_CONFIG).",
    )
    .globalOption(
      "-l, --log-level <level:log-level>",
      "Least that is logged: panic, fatal, error, warn, info (default), debug or trace (env " +
        "PALETTE_LOG_LEVEL).",
    )
    .globalOption("--log-file <file:file>", "Log file; WORKSPACE/logs/palette.log by default.")
    .globalOption(
      "-w, --workspace <folder:file>",
      "Folder for configuration and logs; ~/.palette by default (env PALETTE_WORKSPACE).",
    )
    .globalOption("--no-input", "Never ask; also when CI=true (env PALETTE_NO_INPUT).")
    .globalOption("-q, --quiet", "Only results and errors.")
    .globalOption("--no-color", "No escape codes (env NO_COLOR).");
  root.helpOption("-h, --help", "Show this help.", function (this: AnyCommand) {
    showHelp(this, this.getRawArgs().includes("--help"));
  });
  root.action(() => showHelp(root, false));
  return root;
}
