import { UserError } from "../../errors.ts";
import { type Architecture, ARCHITECTURES } from "../../content/definition/bundle_definition.ts";

/**
 * The value of `--arch`; null for all.
 * @throws {UserError} `usage`
 */
export function archOf(text: string | undefined): Architecture | null {
  if (text === undefined) return null;
  const arch = ARCHITECTURES.find((known) => known === text);
  if (arch !== undefined) return arch;
  throw new UserError("usage", `Unsupported architecture "${text}": use amd64 or arm64`);
}
