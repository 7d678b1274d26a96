import { denoRunArgs } from "./deno_process.ts";

const WAIT_MS = 20_000;

/** A program in a real terminal, held by tmux. */
export class Terminal implements AsyncDisposable {
  readonly #socket = `palette-test-${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`;
  /** Gets the status of the program, for when there is no screen any more. */
  readonly #statusFile = Deno.makeTempFileSync({ prefix: "palette-status-" });

  private constructor() {}

  /** Starts the command line from source in a terminal of its own. */
  static async palette(args: string[], env: Record<string, string>): Promise<Terminal> {
    const terminal = new Terminal();
    const main = decodeURIComponent(new URL("../../main.ts", import.meta.url).pathname);
    const command = [Deno.execPath(), ...denoRunArgs(["-A"], main, ...args)];
    const inherited = ["PATH", "DENO_DIR"].flatMap((name) => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [`${name}=${value}`];
    });
    // Deno's own cache lies in the home folder, which a test replaces.
    const cache = Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
    const variables = Object.entries({ DENO_DIR: cache, TERM: "screen", ...env })
      .map(([name, value]) => `${name}=${value}`);
    await terminal.#tmux(
      "-f",
      "/dev/null",
      "new-session",
      "-d",
      "-x",
      "120",
      "-y",
      "50",
      "sh",
      "-c",
      // tmux itself tells the status of a program that has ended only sometimes. A program that the
      // hang-up of its terminal does not end sees the end of its input. Ctrl+C hits the shell, too,
      // which has to outlive it.
      'trap "" HUP; trap : INT; f=$0; "$@"; s=$?; trap - HUP; echo $s >"$f"; echo "[status $s]" && exec sleep 600',
      terminal.#statusFile,
      "env",
      "-i",
      ...inherited,
      ...variables,
      ...command,
    );
    return terminal;
  }

  /** Types keys: text as it is, or the name of a key (`Enter`, `C-c`). */
  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", text);
  }

  async press(...keys: string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys);
  }

  /** What the screen shows. */
  async screen(): Promise<string> {
    return (await this.#tmux("capture-pane", "-p", "-S", "-200")).trimEnd();
  }

  /** Waits until the screen shows a text. */
  async waitFor(text: string): Promise<string> {
    return await this.#until(async () => {
      const screen = await this.screen();
      return screen.includes(text) ? screen : null;
    }, `the screen never showed "${text}"`);
  }

  /** Waits for the program to end. */
  async status(): Promise<number> {
    return await this.#until(async () => {
      const status = /^\[status (\d+)\]$/m.exec(await this.screen())?.[1];
      return status === undefined ? null : Number(status);
    }, "the program did not end");
  }

  /** Takes the terminal away and waits for the program to end. */
  async hangUp(): Promise<number> {
    await this.#tmux("kill-server");
    return await this.#until(async () => {
      const status = await Deno.readTextFile(this.#statusFile);
      return status === "" ? null : Number(status);
    }, "the program did not end with its terminal");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server").catch(() => {});
    await Deno.remove(this.#statusFile);
  }

  async #until<T>(look: () => Promise<T | null>, problem: string): Promise<T> {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const seen = await look();
      if (seen !== null) return seen;
      if (Date.now() > deadline) {
        throw new Error(`${problem}:\n${await this.screen().catch(() => "no screen")}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #tmux(...args: string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command("tmux", {
      args: ["-L", this.#socket, ...args],
      env: { LC_ALL: "C.UTF-8" },
    }).output();
    if (!success) throw new Error(`tmux ${args[0]}: ${new TextDecoder().decode(stderr)}`);
    return new TextDecoder().decode(stdout);
  }
}
