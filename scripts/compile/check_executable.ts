import { Buffer } from "node:buffer";
import { UserError } from "../../lib/errors.ts";
import { hostTarget, type Target } from "../portable/target.ts";
import { executableTarget, HEADER_BYTES } from "./executable_target.ts";

/** What an executable has to be. */
export interface Expected {
  target: Target;
  version: string;
  commit: string;
  /** What was compiled. */
  script: Uint8Array;
}

/** Help of `deno compile`, which is in every Deno and in no denort. */
const COMMAND_LINE_OF_DENO = "Compiles the given script into a self contained executable.";

/**
 * An ordinary Deno as runtime makes a file that ignores what was compiled into it. So the file has
 * to hold our code and no command line of Deno's; and what is for this machine is run, and must
 * answer as our program does.
 * @returns Whether it could be run here.
 * @throws {UserError} `checks-failed`
 */
export async function checkExecutable(path: string, expected: Expected): Promise<boolean> {
  const { target, version, commit, script } = expected;
  const content = await Deno.readFile(path);
  const found = executableTarget(content.subarray(0, HEADER_BYTES));
  if (found !== target.name) {
    throw failed(`it is for ${found ?? "no platform that is known"}, not for ${target.name}`);
  }
  // Deno writes scripts as they are.
  const bytes = Buffer.from(content.buffer);
  if (!bytes.includes(Buffer.from(script))) throw failed("our code is not in it");
  if (bytes.includes(COMMAND_LINE_OF_DENO)) throw failed("it is a whole Deno");
  if (target !== hostTarget()) return false;
  const line = `Palette CLI version: ${version}\n`;
  const said = await output(path, ["version"]);
  if (said !== line) throw failed(`version says ${JSON.stringify(said.slice(0, 80))}`);
  const document = await output(path, ["version", "--format", "json"]);
  if (!document.includes(`"commit": ${JSON.stringify(commit)}`)) {
    throw failed(`version does not name the commit ${JSON.stringify(commit)}`);
  }
  return true;
}

function failed(reason: string): UserError {
  return new UserError("checks-failed", `What was compiled is not our program: ${reason}`, {
    hint: "The runtime must be denort, the one for executables, not deno itself",
  });
}

/** Standard output, else what is on standard error; in an environment that nobody has set up. */
async function output(path: string, args: string[]): Promise<string> {
  const home = await Deno.makeTempDir({ prefix: "palette-compiled-" });
  try {
    const { stdout, stderr } = await new Deno.Command(path, {
      args,
      cwd: home,
      clearEnv: true,
      env: { HOME: home, NO_COLOR: "1", CI: "true" },
      stdin: "null",
      signal: AbortSignal.timeout(30_000),
    }).output();
    const text = new TextDecoder();
    return text.decode(stdout) || text.decode(stderr);
  } catch (error) {
    return `nothing: ${(error as Error).message}`;
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}
