/** Shows the main job done: the real command line against a stand-in for Palette on this machine. */

import { startFakePalette } from "../tests/support/palette/fake_palette.ts";
import { ADMIN_KEY } from "../tests/support/palette/state.ts";

/** One command as it was run. */
export interface ShownStep {
  note: string;
  /** What a user would type. */
  command: string;
  /** stdout and stderr, stderr last. */
  output: string;
}

interface PlannedStep {
  note: string;
  args: string[];
  /** Shown before the command, secrets masked. */
  env?: Record<string, string>;
  status?: number;
}

const PASSPHRASE = "Correct-Horse-9";
const NEW_PASSPHRASE = "Battery-Staple-7";
const SECRETS = [ADMIN_KEY, PASSPHRASE, NEW_PASSPHRASE];

/** How the stand-in's address is shown: its port is another one in every run. */
const ADDRESS = "http://127.0.0.1:PORT";

const WAIT = ["--wait", "--poll-interval", "200ms"];

const PLAN: readonly PlannedStep[] = [
  { note: "What is this?", args: ["version"] },
  {
    note: "A wrong key is refused, with exit status 1, and nothing is written.",
    args: ["login", "--project", "dev-team"],
    env: { PALETTE_CONSOLE_URL: ADDRESS, PALETTE_API_KEY: "not-a-key" },
    status: 1,
  },
  {
    note: "Log in; key and passphrase come from the environment, never from arguments.",
    args: ["login", "--project", "dev-team"],
    env: { PALETTE_CONSOLE_URL: ADDRESS, PALETTE_API_KEY: ADMIN_KEY },
  },
  { note: "Whose key is it? From here on it comes from the encrypted file.", args: ["whoami"] },
  { note: "Projects, for people ...", args: ["project", "list"] },
  { note: "... and for programs.", args: ["project", "current", "--format", "json"] },
  { note: "Make another project active.", args: ["project", "switch", "--name", "staging"] },
  { note: "A slip is met with the nearest name.", args: ["project", "swich"], status: 1 },
  {
    note: "A virtual cluster, waited for until it runs.",
    args: [
      ...["pde", "virtual-cluster", "create", "--name", "dev", "--cluster-group-name", "beehive"],
      ...["--cluster-group-scope", "system", ...WAIT],
    ],
  },
  { note: "What there is, for people and scripts.", args: ["pde", "virtual-cluster", "list"] },
  {
    note: "Its kubeconfig, in a private file; the path is the last word.",
    args: ["pde", "virtual-cluster", "download-kubeconfig", "--name", "dev", "--path", "dev.conf"],
  },
  {
    note: "More memory; what is not given stays as it is.",
    args: ["pde", "virtual-cluster", "resize", "--name", "dev", "--memory", "8", ...WAIT],
  },
  {
    note: "Pause it for the night ...",
    args: ["pde", "virtual-cluster", "lifecycle", "--name", "dev", "--action", "pause", ...WAIT],
  },
  {
    note: "... resume it in the morning ...",
    args: ["pde", "virtual-cluster", "lifecycle", "--name", "dev", "--action", "resume", ...WAIT],
  },
  {
    note: "... and delete it, until it is gone.",
    args: ["pde", "virtual-cluster", "delete", "--name", "dev", ...WAIT],
  },
  { note: "What is configured; secrets are never shown.", args: ["config", "view"] },
  { note: "Forget the credentials ...", args: ["logout"] },
  {
    note: "... and give them again.",
    args: ["login", "--project", "staging"],
    env: { PALETTE_CONSOLE_URL: ADDRESS, PALETTE_API_KEY: ADMIN_KEY },
  },
  {
    note: "A new passphrase: every secret is encrypted afresh.",
    args: ["config", "rekey", "--all"],
    env: { PALETTE_NEW_ENCRYPTION_PASSWORD: NEW_PASSPHRASE },
  },
  { note: "The old passphrase does not open it any more.", args: ["config", "verify"], status: 1 },
  {
    note: "The new one does.",
    args: ["config", "verify"],
    env: { PALETTE_ENCRYPTION_PASSWORD: NEW_PASSPHRASE },
  },
];

if (import.meta.main) {
  const print = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(text));
  print("A stand-in for Palette runs on this machine; nothing leaves it.\n\n");
  await runDemo(({ note, command, output }) => print(`# ${note}\n$ ${command}\n${output}\n`));
  print("Done.\n");
}

/** Runs the command line in a folder; the environment is all that it gets. */
export type RunPalette = (
  args: string[],
  cwd: string,
  env: Record<string, string>,
) => Promise<{ output: string; status: number }>;

/**
 * Runs the plan in a workspace of its own.
 * @param options Another way to run the command line, and where it can work.
 * @throws {Error} When a command ends otherwise than planned, or the key on the disk is no
 *   ciphertext.
 */
export async function runDemo(
  onStep: (step: ShownStep) => void,
  { run = runPalette, parent }: { run?: RunPalette; parent?: string } = {},
): Promise<void> {
  const home = await Deno.makeTempDir({
    prefix: "palette-demo-",
    ...(parent === undefined ? {} : { dir: parent }),
  });
  try {
    await using palette = await startFakePalette();
    const show = (note: string, command: string, output: string) => {
      const text = output.replaceAll(home, "~").replaceAll(palette.url, ADDRESS);
      onStep({ note, command, output: text });
    };
    for (const { note, args, env = {}, status = 0 } of PLAN) {
      const result = await run(args, home, {
        PALETTE_ENCRYPTION_PASSWORD: PASSPHRASE,
        PALETTE_WORKSPACE: ".palette",
        ...mapValues(env, (value) => value === ADDRESS ? palette.url : value),
      });
      const shownEnv = mapValues(env, (value) => SECRETS.includes(value) ? "***" : value);
      const words = Object.entries(shownEnv).map((pair) => pair.join("="));
      const command = [...words, "palette", ...args].join(" ");
      show(note, command, result.output);
      if (result.status !== status) throw new Error(`${command} ended with ${result.status}`);
    }
    show(
      "On the disk the key is ciphertext, bound to its place and its address.",
      "grep apikey .palette/palette.yaml",
      await apiKeyLines(`${home}/.palette/palette.yaml`),
    );
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

function mapValues(
  record: Record<string, string>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

/** Runs the real command line as a process of its own, without a terminal. */
async function runPalette(
  args: string[],
  cwd: string,
  env: Record<string, string>,
): Promise<{ output: string; status: number }> {
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
  return { output: text(stdout) + text(stderr), status: code };
}

async function apiKeyLines(path: string): Promise<string> {
  const file = await Deno.readTextFile(path);
  if (file.includes(ADMIN_KEY)) throw new Error("the API key stands in the file as plain text");
  if (!/apikey: "enc:v1:/.test(file)) throw new Error("the API key does not stand in the file");
  return file.split("\n").filter((line) => line.includes("apikey")).map((line) => `${line}\n`)
    .join("");
}
