import { UserError } from "../errors.ts";
import type { CommandContext } from "./context.ts";

/** Why a name is none; true when it is one: a label of DNS (RFC 1123, 2.1), as Kubernetes takes it. */
export function checkDnsLabel(name: string): true | string {
  if (name.length > 63) return "it has more than 63 characters";
  if (/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name)) return true;
  return "only a-z, 0-9 and - may be in it, with a letter or digit at both ends";
}

/** @throws {UserError} `validation` */
export function requireDnsLabel(name: string, what: string): void {
  const verdict = checkDnsLabel(name);
  if (verdict === true) return;
  throw new UserError("validation", `Cannot use "${name}" as the name of the ${what}: ${verdict}`);
}

/** A new name from the person at the terminal; empty when there is none. */
export async function askDnsLabel(
  label: string,
  { prompter }: CommandContext,
): Promise<string> {
  return await prompter?.input({ label, validate: checkDnsLabel }) ?? "";
}
