import { UserError } from "../../lib/errors.ts";
import { hostTarget, type Target, targetNamed, TARGETS } from "./target.ts";

/** What a build is asked for. */
export interface BuildArguments {
  targets: Target[];
  /** Values of the other options; an option without one has the value "". */
  options: Map<string, string>;
}

/**
 * `--target T`, any number of times, or `--all`; this machine's own platform without either.
 * @param options Names of the other options; `true` for those with a value.
 * @throws {UserError} `usage`
 */
export function parseBuildArguments(
  args: readonly string[],
  options: Readonly<Record<string, boolean>>,
): BuildArguments {
  const names: string[] = [];
  const found = new Map<string, string>();
  let isAll = false;
  for (let at = 0; at < args.length; at++) {
    const [, name = "", given] = /^--([a-z-]+)(?:=(.*))?$/s.exec(args[at] ?? "") ?? [];
    const takesValue = name === "target" || options[name] === true;
    if (name !== "all" && name !== "target" && !Object.hasOwn(options, name)) {
      throw new UserError("usage", `There is no option "${args[at]}"`, {
        hint: `Use ${["target T", "all", ...Object.keys(options)].map(dashed).join(", ")}`,
      });
    }
    if (!takesValue && given !== undefined) {
      throw new UserError("usage", `--${name} takes no value`);
    }
    const value = takesValue ? given ?? args[++at] ?? "" : "";
    if (takesValue && value === "") throw new UserError("usage", `--${name} needs a value`);
    if (name === "all") isAll = true;
    else if (name === "target") names.push(value);
    else found.set(name, value);
  }
  if (isAll && names.length > 0) {
    throw new UserError("usage", "--all and --target do not go together");
  }
  if (isAll) return { targets: [...TARGETS], options: found };
  if (names.length > 0) return { targets: [...new Set(names)].map(targetNamed), options: found };
  const host = hostTarget();
  if (host === null) {
    throw new UserError("usage", `There is no target for this machine (${Deno.build.target})`, {
      hint: "Name one with --target, or take --all",
    });
  }
  return { targets: [host], options: found };
}

function dashed(name: string): string {
  return `--${name}`;
}
