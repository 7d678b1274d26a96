/** Shows the main job done: the real command line against a stand-in for Palette on this machine. */

import { startFakePalette } from "../tests/support/palette/fake_palette.ts";
import { ADMIN_KEY } from "../tests/support/palette/state.ts";

/** One command as it was run. */
export interface Step {
  /** What a user would type. */
  command: string;
  /** stdout and stderr, stderr last. */
  output: string;
  status: number;
}

interface PlannedStep {
  note: string;
  args: string[];
  env?: Record<string, string>;
  /** As shown before the command. */
  shownEnv?: string;
  status?: number;
}

const PASSPHRASE = "Correct-Horse-9";
const NEW_PASSPHRASE = "Battery-Staple-7";

const PLAN: readonly PlannedStep[] = [
  { note: "What is this?", args: ["version"] },
  {
    note: "A wrong key is refused, with exit status 1, and nothing is written.",
    args: ["login", "--project", "dev-team"],
    env: { PALETTE_API_KEY: "not-a-key" },
    shownEnv: "PALETTE_API_KEY=not-a-key",
    status: 1,
  },
  {
    note: "Log in; key and passphrase come from the environment, never from arguments.",
    args: ["login", "--project", "dev-team"],
    env: { PALETTE_API_KEY: ADMIN_KEY },
    shownEnv: "PALETTE_API_KEY=***",
  },
  { note: "Whose key is it? From here on it comes from the encrypted file.", args: ["whoami"] },
  { note: "Projects, for people ...", args: ["project", "list"] },
  { note: "... and for programs.", args: ["project", "current", "--format", "json"] },
  { note: "Make another project active.", args: ["project", "switch", "--name", "staging"] },
  { note: "A slip is met with the nearest name.", args: ["project", "swich"], status: 1 },
  { note: "What is configured; secrets are never shown.", args: ["config", "view"] },
  {
    note: "A new passphrase: every secret is encrypted afresh.",
    args: ["config", "rekey", "--all"],
    env: { PALETTE_NEW_ENCRYPTION_PASSWORD: NEW_PASSPHRASE },
    shownEnv: "PALETTE_NEW_ENCRYPTION_PASSWORD=***",
  },
  { note: "The old passphrase does not open it any more.", args: ["config", "verify"], status: 1 },
  {
    note: "The new one does.",
    args: ["config", "verify"],
    env: { PALETTE_ENCRYPTION_PASSWORD: NEW_PASSPHRASE },
    shownEnv: "PALETTE_ENCRYPTION_PASSWORD=***",
  },
];

if (import.meta.main) {
  const print = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(text));
  print("A stand-in for Palette runs on this machine; nothing leaves it.\n\n");
  await runDemo((note, step) => print(`# ${note}\n$ ${step.command}\n${step.output}\n`));
  print("Done.\n");
}

/**
 * Runs the plan in a workspace of its own.
 * @throws {Error} When a command ends otherwise than planned, or a secret is found on the disk.
 */
export async function runDemo(onStep: (note: string, step: Step) => void): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "palette-demo-" });
  try {
    await using palette = await startFakePalette();
    const base: Record<string, string> = {
      PALETTE_ENCRYPTION_PASSWORD: PASSPHRASE,
      PALETTE_WORKSPACE: ".palette",
    };
    for (const { note, args, env, shownEnv, status = 0 } of PLAN) {
      const isLogin = args[0] === "login";
      const address: Record<string, string> = isLogin ? { PALETTE_CONSOLE_URL: palette.url } : {};
      const step = await runPalette(args, home, { ...base, ...address, ...env });
      const command = [...(shownEnv === undefined ? [] : [shownEnv]), "palette", ...args].join(" ");
      onStep(note, { ...step, command, output: step.output.replaceAll(home, "~") });
      if (step.status !== status) throw new Error(`${command} ended with ${step.status}`);
    }
    onStep("On the disk the key is ciphertext, bound to its place and its address.", {
      command: "grep apikey .palette/palette.yaml",
      output: await apiKeyLines(`${home}/.palette/palette.yaml`),
      status: 0,
    });
    const logout = await runPalette(["logout"], home, base);
    onStep("Forget the credentials.", { ...logout, command: "palette logout" });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** Runs the real command line as a process of its own, without a terminal. */
async function runPalette(
  args: string[],
  cwd: string,
  env: Record<string, string>,
): Promise<Step> {
  const flags = JSON.parse(Deno.env.get("PALETTE_DENO_FLAGS") ?? "[]") as string[];
  const main = new URL("../main.ts", import.meta.url).pathname;
  const { PATH = "", HOME = "", DENO_DIR = "" } = Deno.env.toObject();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", ...flags, decodeURIComponent(main), ...args],
    clearEnv: true,
    env: {
      PATH,
      HOME,
      ...(DENO_DIR === "" ? {} : { DENO_DIR }),
      DENO_NO_UPDATE_CHECK: "1",
      ...env,
    },
    cwd,
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { command: "", output: text(stdout) + text(stderr), status: code };
}

async function apiKeyLines(path: string): Promise<string> {
  const file = await Deno.readTextFile(path);
  if (file.includes(ADMIN_KEY)) throw new Error("the API key stands in the file as plain text");
  return file.split("\n").filter((line) => line.includes("apikey")).map((line) => `${line}\n`)
    .join("");
}
