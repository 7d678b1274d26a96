/** The git repository that is released, and a copy of its newest commit to work in. */

import { UserError } from "../../lib/errors.ts";
import { runProgram } from "./run_program.ts";

export interface Identity {
  name: string;
  email: string;
}

/** A repository by its folder. */
export class Repository {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * Runs git, and gives what it prints.
   * @throws {UserError} `io` with what git says.
   */
  async git(...args: string[]): Promise<string> {
    const { success, stdout, stderr } = await runProgram("git", args, { cwd: this.folder });
    if (success) return stdout.trim();
    const reason = stderr.trim().split("\n").at(-1) ?? "";
    throw new UserError(
      "io",
      `git ${args.find((word) => /^[a-z][a-z-]*$/.test(word))} failed: ${reason}`,
    );
  }

  /** Whether git is content with a question. */
  async asks(...args: string[]): Promise<boolean> {
    return (await runProgram("git", args, { cwd: this.folder })).success;
  }

  /** @throws {UserError} `conflict` when something is not committed. */
  async requireClean(): Promise<void> {
    const status = await this.git("status", "--porcelain");
    if (status === "") return;
    const [first = ""] = status.split("\n");
    throw new UserError("conflict", `The working tree is not clean: "${first.trim()}"`, {
      hint: "Commit it or take it away; git status shows everything",
    });
  }

  /** Name of the branch; null when none is checked out. */
  async branch(): Promise<string | null> {
    return await this.asks("symbolic-ref", "--quiet", "HEAD")
      ? await this.git("symbolic-ref", "--short", "HEAD")
      : null;
  }

  async head(): Promise<string> {
    return await this.git("rev-parse", "HEAD");
  }

  /**
   * Checks the newest commit out into a folder of its own; the caller removes it. The working tree
   * is not touched, and no branch moves.
   */
  async checkOut(): Promise<Checkout> {
    // What a killed release left is forgotten once its folder is gone.
    await this.git("worktree", "prune");
    const parent = await Deno.makeTempDir({ prefix: "palette-release-" });
    try {
      await this.git("worktree", "add", "--quiet", "--detach", `${parent}/palette`, "HEAD");
    } catch (error) {
      await Deno.remove(parent, { recursive: true });
      throw error;
    }
    return new Checkout(this, parent);
  }
}

/** A copy of a commit, with history of its own until it is published. */
export class Checkout extends Repository implements AsyncDisposable {
  readonly #origin: Repository;
  readonly #parent: string;

  constructor(origin: Repository, parent: string) {
    super(`${parent}/palette`);
    this.#origin = origin;
    this.#parent = parent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#origin.asks("worktree", "remove", "--force", this.folder);
    await Deno.remove(this.#parent, { recursive: true }).catch(() => {});
    await this.#origin.asks("worktree", "prune");
  }

  /**
   * Commits all changes.
   * @param identity Who does it, where git knows nobody.
   */
  async commit(message: string, identity: Identity | null): Promise<string> {
    const settings = identity === null ? [] : [
      ...["-c", `user.name=${identity.name}`, "-c", `user.email=${identity.email}`],
      ...["-c", "commit.gpgSign=false"],
    ];
    await this.git("add", "--update");
    await this.git(...settings, "commit", "--quiet", "-m", message);
    return await this.head();
  }
}
