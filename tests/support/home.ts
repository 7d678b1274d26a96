/** Runs the command line in this process, in a home folder of its own, with real files. */

import { run } from "../../lib/cli.ts";
import { SecretFile } from "../../lib/config/secret_file.ts";
import { editSecretFile } from "../../lib/config/secret_editor.ts";
import { API_KEY_PATH, UBUNTU_TOKEN_PATH } from "../../lib/config/secret_kinds.ts";
import { systemClock } from "../../lib/runtime/clock.ts";
import type { Clock } from "../../lib/runtime/clock.ts";
import { environmentOf } from "../../lib/runtime/environment.ts";
import { type Exec, systemExec } from "../../lib/runtime/exec.ts";
import { type Files, systemFiles } from "../../lib/runtime/files.ts";
import { openSystemTransport, type OpenTransport } from "../../lib/runtime/http.ts";
import { serveHttp } from "../../lib/runtime/http_server.ts";
import type { StopSignal } from "../../lib/runtime/signals.ts";
import { Keyring } from "../../lib/secrets/keyring.ts";
import { ENCRYPTION_PASSPHRASE, PassphraseSource } from "../../lib/secrets/passphrase_source.ts";
import { Secret } from "../../lib/secrets/secret.ts";
import { SecretInput } from "../../lib/secrets/secret_input.ts";
import { CapturedStreams } from "./captured_streams.ts";
import { CountingCrypto } from "./counting_crypto.ts";
import { type ScriptedAnswer, ScriptedPrompter } from "./scripted_prompter.ts";
import { ADMIN_KEY } from "./palette/state.ts";

export const PASSPHRASE = "Correct-Horse-9";
export const OTHER_PASSPHRASE = "Battery-Staple-7";

export interface RunOptions {
  /** Undefined takes a variable out. */
  env?: Record<string, string | undefined>;
  stdin?: string | Uint8Array;
  /** A terminal, and what is answered at it. */
  answers?: ScriptedAnswer[];
  isTerminal?: boolean;
  clock?: Clock;
  files?: Files;
  openTransport?: OpenTransport;
  /** Programs that are not started but played. */
  exec?: Exec;
  /** Called with a way to stop the run by a signal. */
  onSignals?: (stop: (signal: StopSignal) => void) => void;
}

export interface RunResult {
  status: number;
  stdout: string;
  stderr: string;
  /** Keys that were derived. */
  derivations: number;
  prompter: ScriptedPrompter;
}

/** What a seeded palette.yaml says. */
export interface Seed {
  endpoint: string;
  apiKey?: string;
  ubuntuToken?: string;
  passphrase?: string;
  project?: { name: string; uid: string };
  clusterGroup?: { name: string; uid: string; scope: string };
  insecure?: boolean;
}

export class Home implements AsyncDisposable {
  readonly root: string;
  #env: Record<string, string | undefined>;

  private constructor(root: string) {
    this.root = root;
    this.#env = { HOME: root, PATH: Deno.env.get("PATH"), PALETTE_ENCRYPTION_PASSWORD: PASSPHRASE };
  }

  static async make(): Promise<Home> {
    return new Home(await Deno.makeTempDir({ prefix: "palette-home-" }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }

  get workspace(): string {
    return `${this.root}/.palette`;
  }

  get configFile(): string {
    return `${this.workspace}/palette.yaml`;
  }

  /** Text of palette.yaml. */
  config(): Promise<string> {
    return Deno.readTextFile(this.configFile);
  }

  /** Paths of all files below the home folder, sorted. */
  async files(folder = this.root): Promise<string[]> {
    const found: string[] = [];
    for await (const entry of Deno.readDir(folder)) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) found.push(...await this.files(path));
      else found.push(path.slice(this.root.length + 1));
    }
    return found.sort();
  }

  async run(args: string[], options: RunOptions = {}): Promise<RunResult> {
    const isTerminal = options.isTerminal ?? options.answers !== undefined;
    const streams = new CapturedStreams({ stdin: options.stdin ?? "", isTerminal });
    const prompter = new ScriptedPrompter(options.answers ?? []);
    const crypto = new CountingCrypto();
    const variables = Object.entries({ ...this.#env, ...options.env })
      .filter((entry): entry is [string, string] => entry[1] !== undefined);
    const env = environmentOf(Object.fromEntries(variables));
    const status = await run(args, {
      clock: options.clock ?? systemClock(),
      crypto,
      env,
      exec: options.exec ?? systemExec(env),
      files: options.files ?? systemFiles(),
      openTransport: options.openTransport ?? openSystemTransport,
      platform: { os: "linux", arch: "amd64", uid: Deno.uid() ?? undefined, denoVersion: "2.9.5" },
      prompter,
      serve: serveHttp,
      signals: {
        listen(onStop) {
          options.onSignals?.(onStop);
          return () => {};
        },
      },
      streams,
    });
    prompter.assertDone();
    return {
      status,
      stdout: streams.stdoutText,
      stderr: streams.stderrText,
      derivations: crypto.derivations.length,
      prompter,
    };
  }

  /** Writes a palette.yaml as a login would have. */
  async seed(seed: Seed): Promise<void> {
    await Deno.mkdir(this.workspace, { recursive: true, mode: 0o700 });
    const { project, clusterGroup, passphrase = PASSPHRASE } = seed;
    const text = `# kept
paletteConfig:
  organization: demo-org
  scope: ${project === undefined ? "tenant" : "project"}
  projectName: "${project?.name ?? ""}"
  projectUid: "${project?.uid ?? ""}"
  clusterGroupName: "${clusterGroup?.name ?? ""}"
  clusterGroupUid: "${clusterGroup?.uid ?? ""}"
  clusterGroupScope: "${clusterGroup?.scope ?? ""}"
  tenantUid: "40b8a9a7f724831be814e5734ea744ed"
  unknown: [1, 2] # kept, too
  ubuntuConfig:
    enablefips: false
    token: ""
  mgmt:
    apikey: ""
    endpoint: ${seed.endpoint}
    insecure: ${seed.insecure ?? false}
`;
    const before = await SecretFile.parse(this.configFile, text, "palette");
    const secrets = [
      { path: API_KEY_PATH, value: new Secret(seed.apiKey ?? ADMIN_KEY) },
      ...(seed.ubuntuToken === undefined
        ? []
        : [{ path: UBUNTU_TOKEN_PATH, value: new Secret(seed.ubuntuToken) }]),
    ];
    const files = systemFiles();
    const edited = await editSecretFile(before, { secrets }, {
      keyring: keyringOf(passphrase),
      files,
      unreadable: "refuse",
      fresh: { salt: SALT, iterations: 1_000_000 },
    });
    await Deno.writeTextFile(this.configFile, edited.text, { mode: 0o600 });
  }
}

/** One salt for all seeds, so that a test process derives each key once. */
const SALT = new Uint8Array(16).fill(7);

/** A keyring with a known passphrase. */
export function keyringOf(passphrase: string): Keyring {
  const env = environmentOf({});
  const files = systemFiles();
  const exec = systemExec(env);
  const input = new SecretInput({ files, exec, stdin: new CapturedStreams().stdin });
  const source = new PassphraseSource(ENCRYPTION_PASSPHRASE, { value: passphrase }, {
    env,
    input,
    prompter: null,
    onKnown: () => {},
    onVisible: () => {},
    onRefused: () => {},
  });
  return new Keyring(source, { crypto: new CountingCrypto() });
}

/** The error document of a run with `--format json`. */
export function errorOf({ stderr }: RunResult): Record<string, unknown> {
  const { error } = JSON.parse(stderr) as { error: Record<string, unknown> };
  return error;
}
