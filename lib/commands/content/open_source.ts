import type { Bundle } from "../../content/bundle.ts";
import {
  openRemoteBundle,
  type RemoteBundle,
  type RemoteName,
} from "../../content/transfer/remote_bundle.ts";
import type { Registries } from "../../oci/registry/registries.ts";
import type { CommandContext } from "../context.ts";
import type { CopySource } from "./copy_ends.ts";
import { findRemoteBundle } from "./find_remote_bundle.ts";
import { openLocalBundle } from "./open_local_bundle.ts";
import { definitionAt } from "./remote_reference.ts";

/** A bundle that is open, as messages name it. */
export interface OpenedSource {
  bundle: Bundle;
  text: string;
  /** Where its blobs lie; null for a bundle on this machine. */
  remote: { bundle: RemoteBundle; name: RemoteName } | null;
}

export interface OpenSourceParts {
  registries: Registries;
  jobs: number;
  context: CommandContext;
}

/**
 * Opens a bundle on this machine or in a registry.
 * @param argument Where it came from, for messages.
 */
export async function openSource(
  from: CopySource,
  argument: string,
  { registries, jobs, context }: OpenSourceParts,
): Promise<OpenedSource> {
  if (from.kind === "local") {
    const bundle = await openLocalBundle(from.path, context);
    return { bundle, text: from.path, remote: null };
  }
  const name = await findRemoteBundle(from.reference, argument, registries);
  const { crypto } = context.runtime;
  const bundle = await openRemoteBundle(name, { registries, crypto, jobs });
  return { bundle, text: definitionAt(name), remote: { bundle, name } };
}
