import { UserError } from "../../lib/errors.ts";

export const LOCK = "deno.lock";

/**
 * A release is what its lock file says: modules of JSR, each by checksum, the same on every machine.
 * @param root Folder of the repository.
 * @param dependencyFlags What scripts/deps.ts adds to calls of deno; nothing when they are of JSR.
 * @throws {UserError} `prerequisite`
 */
export async function requireLock(root: string, dependencyFlags: readonly string[]): Promise<void> {
  const hint = "Run deno task lock on a network that reaches JSR and commit deno.lock; to try " +
    "something out, deno task compile --dev does without";
  if (!await hasLock(root)) {
    throw new UserError("prerequisite", "A release needs a deno.lock, and there is none", { hint });
  }
  if (!await isCommitted(root)) {
    throw new UserError("prerequisite", "deno.lock is not as it was committed", { hint });
  }
  if (dependencyFlags.length > 0) {
    throw new UserError("prerequisite", "A release is made of JSR's modules, not of npm's", {
      hint: "Set PALETTE_DEPS=jsr on a network that reaches JSR; to try something out, take --dev",
    });
  }
}

/**
 * The lock file that a build of archives has to agree with: without it two builds of one commit may
 * get different modules of JSR. Those of npm are pinned anyway.
 * @returns Null where there is none.
 */
export async function findLock(
  root: string,
  dependencyFlags: readonly string[],
): Promise<string | null> {
  return dependencyFlags.length === 0 && await hasLock(root) ? LOCK : null;
}

function hasLock(root: string): Promise<boolean> {
  return Deno.stat(`${root}${LOCK}`).then(({ isFile }) => isFile, () => false);
}

async function isCommitted(root: string): Promise<boolean> {
  const ran = async (...args: string[]) => {
    try {
      const command = new Deno.Command("git", {
        args,
        cwd: root,
        stdin: "null",
        stdout: "null",
        stderr: "null",
      });
      return (await command.output()).success;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  };
  return await ran("cat-file", "-e", `HEAD:./${LOCK}`) &&
    await ran("diff", "--quiet", "HEAD", "--", LOCK);
}
