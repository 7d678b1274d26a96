/** Arguments of `Deno.execPath()` that run a script with the dependencies of this run. */
export function denoRunArgs(permissions: string[], script: string, ...args: string[]): string[] {
  return ["run", ...dependencyFlags(), "--quiet", "--no-prompt", ...permissions, script, ...args];
}

/** Set by `scripts/deps.ts`; absent when dependencies come straight from JSR. */
function dependencyFlags(): string[] {
  const text = Deno.env.get("PALETTE_DENO_FLAGS");
  if (text === undefined || text === "") return [];
  const flags: unknown = JSON.parse(text);
  if (Array.isArray(flags) && flags.every((flag) => typeof flag === "string")) return flags;
  throw new TypeError("PALETTE_DENO_FLAGS is not a JSON array of strings");
}
