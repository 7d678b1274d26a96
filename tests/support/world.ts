import { FakeClock } from "./fake_clock.ts";
import { Home, type RunOptions, type RunResult } from "./home.ts";
import { type FakePalette, startFakePalette } from "./palette/fake_palette.ts";
import { DEV_PROJECT, type PaletteState } from "./palette/state.ts";

export const SYSTEM_GROUP = {
  name: "beehive",
  uid: "635669ba4583891d109fe6c1",
  scope: "system",
};

/** A Palette, and a user who is logged in to its development project. */
export class World implements AsyncDisposable {
  private constructor(
    readonly palette: FakePalette,
    readonly home: Home,
    readonly words: readonly string[],
  ) {}

  /**
   * @param words What every command line of a test begins with: `pde`, `app`.
   * @param state What Palette knows besides the usual.
   */
  static async make(words: readonly string[], state: Partial<PaletteState> = {}): Promise<World> {
    const palette = await startFakePalette();
    Object.assign(palette.state, state);
    const home = await Home.make();
    await home.seed({ endpoint: palette.url, project: DEV_PROJECT, clusterGroup: SYSTEM_GROUP });
    return new World(palette, home, words);
  }

  async [Symbol.asyncDispose]() {
    await this.home[Symbol.asyncDispose]();
    await this.palette[Symbol.asyncDispose]();
  }

  /** Runs a command with a clock that does not wait. */
  run(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return this.home.run([...this.words, ...args], { clock: new FakeClock(), ...options });
  }

  /** Requests that changed something, in their order. */
  changes() {
    return this.palette.requests
      .filter(({ method, path }) => method !== "GET" && !/\/(dashboard|search)/.test(path))
      .map(({ method, path, body }) => ({ method, path, body }));
  }
}
