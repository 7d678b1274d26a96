import { UserError } from "../../errors.ts";
import { kindOfPath } from "../../content/archive/kind_of_path.ts";
import type { CommandContext } from "../context.ts";
import { isPath, localPathOf } from "./open_local_bundle.ts";
import { refuseFolder } from "./path_or_registry.ts";
import { parseRemoteReference, type RemoteReference } from "./remote_reference.ts";

/** Where a bundle comes from. */
export type CopySource = { kind: "local"; path: string } | { kind: "remote"; reference: string };

/** Where a bundle goes to; `layout` is a folder. */
export type CopyDestination =
  | { kind: "archive" | "layout"; path: string }
  | { kind: "remote"; place: RemoteReference };

/** @throws {UserError} `not-found`, `validation`, `io` */
export async function copySource(text: string, context: CommandContext): Promise<CopySource> {
  const { runtime } = context;
  const path = localPathOf(text, runtime);
  const kind = await kindOfPath(path, runtime.files);
  if (kind === "bundle") return { kind: "local", path };
  if (kind === "other") {
    throw new UserError("validation", `Cannot copy "${path}": it is no bundle`, {
      hint: "Name an archive, the first of its parts, or the folder of a layout",
    });
  }
  if (!isPath(text)) return { kind: "remote", reference: text };
  throw new UserError("not-found", `Cannot open "${path}": no such file or folder`, {
    hint: "A bundle in a registry is written as HOST/PATH/bundle-definition:NAME",
  });
}

/** Archives of other kinds: a folder of such a name would be taken for one. */
const LIKE_ARCHIVE = /\.(zip|7z|tgz|gz|bz2|xz|zst|iso)$/i;

/** @throws {UserError} `usage`, `validation` */
export async function copyDestination(
  text: string,
  { runtime }: CommandContext,
): Promise<CopyDestination> {
  const path = localPathOf(text, runtime).replace(/(?<=.)\/+$/, "");
  const isArchive = /\.tar(\.zst)?$/i.test(text);
  // `example.com` alone is a registry, unless there is such a folder.
  const isHost = !isArchive && /^[^/:\\]+\.[a-z0-9-]+$/i.test(text);
  const isThere = await runtime.files.info(path) !== null;
  if (!isThere && (!isPath(text) || isHost)) {
    await refuseFolder(text, "--destination", runtime);
    return { kind: "remote", place: parseRemoteReference(text, "--destination") };
  }
  if (!isArchive && !isThere && LIKE_ARCHIVE.test(text)) {
    throw new UserError(
      "usage",
      `Cannot write "${text}" of --destination: no archive has such a name here`,
      { hint: "Let it end in .tar.zst or .tar; any other name is one of a folder" },
    );
  }
  return { kind: isArchive ? "archive" : "layout", path };
}
