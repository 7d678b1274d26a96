import { UserError } from "../../lib/errors.ts";
import { PERMISSIONS } from "../permissions.ts";
import type { Target } from "../portable/target.ts";
import { offlineHint, type RuntimeChoice } from "./find_runtime.ts";

/**
 * Compiles a script without dependencies, with the permissions that the program has everywhere.
 * @throws {UserError} `prerequisite` when the runtime cannot be had or used.
 */
export async function denoCompile(
  script: string,
  output: string,
  target: Target,
  runtime: RuntimeChoice,
): Promise<void> {
  const { DENORT_BIN: _, ...env } = Deno.env.toObject();
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["compile", "--quiet", "--no-check", "--no-config", "--no-lock", "--no-remote"],
      ...["--no-npm", "--no-prompt", ...PERMISSIONS, "--target", target.triple],
      ...["--app-name", "palette", "--output", output, script],
    ],
    clearEnv: true,
    env: { ...env, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1", ...runtime.env },
    stdin: "null",
  }).output();
  if (success) return;
  const reason = reasonIn(new TextDecoder().decode(stderr));
  throw new UserError("prerequisite", `Cannot compile for ${target.name}: ${reason}`, {
    hint: offlineHint(target),
  });
}

/** The causes that Deno names; the first one is our own stage, others come twice. */
function reasonIn(stderr: string): string {
  const lines = stderr.replace(/^Stack backtrace:.*/ms, "").split("\n")
    .map((line) => line.trim().replace(/^error: |^\d+: /, ""))
    .filter((line) => line !== "" && line !== "Caused by:" && !line.startsWith("Writing "));
  return lines.filter((line, at) => !lines.slice(0, at).some((before) => before.includes(line)))
    .map((line) => line.replace(/[.:]$/, "")).join(": ");
}
