import { UserError } from "../../errors.ts";

/**
 * The value of a flag that a command cannot do without.
 * @param example A command line that has it.
 * @throws {UserError} `usage`
 */
export function requireFlag(flag: string, value: string | undefined, example: string): string {
  if (value !== undefined && value !== "") return value;
  throw new UserError("usage", `${flag} is required`, { hint: example });
}
