import { UserError } from "../../errors.ts";
import { walkTarGzip } from "../packs/walk_tar.ts";

/** What an archive of a cluster definition begins with (RFC 1952, 2.3.1). */
const GZIP_MAGIC = [0x1f, 0x8b];

/**
 * Checks that what Palette sent is an archive that a host takes: gzip, with a folder `spc/`.
 * @throws {UserError} `api`; an error in JSON is never taken for an archive.
 */
export async function checkClusterDefinition(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  if (!GZIP_MAGIC.every((byte, at) => bytes[at] === byte)) {
    throw unfit(saidBy(bytes) ?? "it is no gzip archive");
  }
  let hasProfiles = false;
  try {
    await walkTarGzip(new Blob([bytes]).stream(), "the cluster definition", ({ path }) => {
      hasProfiles ||= path.startsWith("spc/");
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw unfit(error.message.replace(/^Cannot use the cluster definition: /, ""));
  }
  if (!hasProfiles) throw unfit("there is no folder spc/ in it");
}

/**
 * The file that a name stands for; `.tgz` may be written or not.
 * @throws {UserError} `usage` when it is no name of a file.
 */
export function definitionFileName(name: string): string {
  const plain = name.replace(/\.tgz$/, "");
  if (/^[A-Za-z0-9_][\w.-]{0,127}$/.test(plain)) return `${plain}.tgz`;
  throw new UserError("usage", `"${name}" cannot be the name of a cluster definition`, {
    hint: "Use letters, digits, dots, - and _ in --cluster-definition-name",
  });
}

/** The message of an error in JSON; null for anything else. */
function saidBy(bytes: Uint8Array): string | null {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof parsed !== "object" || parsed === null) return null;
    const { code, message } = parsed as { code?: unknown; message?: unknown };
    const said = [message, code].find((text) => typeof text === "string" && text !== "");
    return `it is an error in JSON${said === undefined ? "" : `: ${said}`}`;
  } catch {
    return null;
  }
}

function unfit(reason: string): UserError {
  return new UserError("api", `Palette sent no cluster definition: ${reason}`, {
    hint: "Check the profiles in the Palette console, then run the command again",
  });
}
