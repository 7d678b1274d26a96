import { UserError } from "../../errors.ts";
import { DEFINITION_REPOSITORY } from "../../content/bundle.ts";
import { isTag } from "../../oci/reference.ts";
import { parseRegistryAddress } from "../../oci/registry_address.ts";

/** A bundle in a registry, as users write it. */
export interface RemoteReference {
  host: string;
  /** Path below the host, without the repository of definitions; empty for none. */
  base: string;
  /** Null when it is not said. */
  name: string | null;
  /** It began with `http://`. */
  isPlainHttp: boolean;
}

/**
 * Reads `example.com/bundle/bundle-definition:NAME`; the repository may be left out, and as Palette's
 * documentation writes it, `example.com/bundle/NAME.tar.zst` means the same.
 * @param source Flag it came from, for messages.
 * @throws {UserError} `validation`
 */
export function parseRemoteReference(text: string, source: string): RemoteReference {
  const [, scheme = "", bare = ""] = /^([a-z]+:\/\/)?(.*)$/i.exec(text.trim()) ?? [];
  const slash = bare.lastIndexOf("/");
  const last = slash === -1 ? "" : bare.slice(slash + 1);
  const [, file] = /^([^:]+?)(?:\.tar\.zst|\.tar|\.zst)$/.exec(last) ?? [];
  const [, repository = last, tag = null] = /^([^:]*):(.*)$/.exec(last) ?? [];
  const name = file ?? tag;
  if (name !== null && !isTag(name)) {
    throw new UserError("validation", `Cannot use "${text}" of ${source}: "${name}" is no tag`, {
      hint: "Write it as HOST/PATH/bundle-definition:NAME",
    });
  }
  const place = slash === -1
    ? bare
    : `${bare.slice(0, slash)}/${file === undefined ? repository : ""}`;
  const { host, path, isPlainHttp } = parseRegistryAddress(`${scheme}${place}`, source);
  return { host, base: basePathOf(path), name, isPlainHttp };
}

/** A path below a registry without the repository of definitions. */
export function basePathOf(path: string): string {
  return path === DEFINITION_REPOSITORY ? "" : path.replace(/\/bundle-definition$/, "");
}

/** The full reference of a bundle, or of all bundles there. */
export function definitionAt(
  { host, base, name }: { host: string; base: string; name?: string | null },
): string {
  const repository = `${host}/${base === "" ? "" : `${base}/`}${DEFINITION_REPOSITORY}`;
  return typeof name === "string" ? `${repository}:${name}` : repository;
}
