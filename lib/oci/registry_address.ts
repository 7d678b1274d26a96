import { UserError } from "../errors.ts";
import { isRepository, problemOfHost } from "./reference.ts";

/** A registry, or a place in it, as users write it: `https://10.1.2.3:30003/spectro-content`. */
export interface RegistryAddress {
  /** `10.1.2.3:30003` */
  host: string;
  /** `spectro-content`; empty for the registry as a whole. */
  path: string;
  /** It began with `http://`. */
  isPlainHttp: boolean;
}

/**
 * Reads the address of a registry; its first part is always the host.
 * @param source Flag it came from, for messages.
 * @throws {UserError} `validation`
 */
export function parseRegistryAddress(text: string, source: string): RegistryAddress {
  const [, scheme = "", rest = ""] = /^(?:(https?|oci|docker):\/\/)?(.*)$/i.exec(text.trim()) ?? [];
  const bare = rest.replace(/\/+$/, "");
  const slash = bare.indexOf("/");
  const host = slash === -1 ? bare : bare.slice(0, slash);
  const path = slash === -1 ? "" : bare.slice(slash + 1);
  const refuse = (reason: string) =>
    new UserError("validation", `Cannot use "${withoutUser(text)}" of ${source}: ${reason}`, {
      hint: "Write it as HOST, HOST:PORT or HOST:PORT/PATH",
    });
  if (host.includes("@")) throw refuse("it must not hold a user or password");
  const problem = problemOfHost(host);
  if (problem !== null) throw refuse(problem);
  if (path !== "" && !isRepository(path)) throw refuse(`"${path}" is no repository`);
  return { host, path, isPlainHttp: scheme.toLowerCase() === "http" };
}

function withoutUser(text: string): string {
  return text.replace(/[^/@]*@/, "");
}
