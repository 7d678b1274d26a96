import { DEFINITION_REPOSITORY } from "../../content/bundle.ts";
import type { AssembledBundle } from "../../content/transfer/assemble_bundle.ts";
import { below } from "../../content/transfer/push_bundle.ts";
import { signManifest } from "../../content/signing/image_signature.ts";
import type { ContentSource } from "../../oci/content_source.ts";
import type { Registries } from "../../oci/registry/registries.ts";
import type { Registry } from "../../oci/registry/registry.ts";
import { parseRegistryAddress } from "../../oci/registry_address.ts";
import type { CommandContext } from "../context.ts";
import type { BuildOptions } from "./build_options.ts";
import { pushLocal } from "./push.ts";
import type { FinishedPush } from "./push_summary.ts";
import { basePathOf } from "./remote_reference.ts";
import type { BundleSigning } from "./sign_output.ts";

/** Where a built bundle goes besides the archive, or instead of it. */
export interface PushPlace {
  registry: Registry;
  base: string;
}

/**
 * The registry of `--push` and of remote builds; null for a build that stays here.
 * @throws {UserError} `usage` for an address that is none.
 */
export function pushPlaceOf(
  { push, buildType, registry }: BuildOptions,
  registries: Registries,
): PushPlace | null {
  if (registry === undefined || !(push || buildType === "remote")) return null;
  const { host, path, isPlainHttp } = parseRegistryAddress(registry, "--registry");
  return { registry: registries.open(host, isPlainHttp), base: basePathOf(path) };
}

export interface PushBuiltParts {
  /** Of everything in the bundle. */
  source: ContentSource;
  signing: BundleSigning | null;
  context: CommandContext;
}

/** Pushes what was built, and signs its definition there when there is a key. */
export async function pushBuilt(
  bundle: AssembledBundle,
  { registry, base }: PushPlace,
  options: BuildOptions,
  { source, signing, context }: PushBuiltParts,
): Promise<FinishedPush> {
  const { transfer } = options;
  const result = await pushLocal({ ...bundle, source }, {
    registry,
    base,
    keepsTags: false,
    transfer,
    mountFrom: (digest) => {
      const place = bundle.placeOf(digest);
      return place?.host === registry.host ? [place.repository] : [];
    },
  }, context);
  if (signing !== null && !transfer.dryRun) {
    await signPushed(bundle, { registry, base }, signing, context);
  }
  const { host } = registry;
  return {
    title: "Push",
    name: bundle.name,
    isLocal: options.buildType === "local",
    place: base === "" ? host : `${host}/${base}`,
    result,
    isDryRun: transfer.dryRun,
  };
}

/** Both forms that cosign knows, where the definition lies. */
async function signPushed(
  { items }: AssembledBundle,
  { registry, base }: PushPlace,
  { key }: BundleSigning,
  { runtime: { crypto } }: CommandContext,
): Promise<void> {
  const definition = items.find(({ type }) => type === "bundle");
  if (definition === undefined) return;
  const { mediaType, digest, size } = definition.descriptor;
  const repository = below(base, DEFINITION_REPOSITORY);
  const place = `${registry.host}/${repository}`;
  for (const signature of await signManifest({ mediaType, digest, size }, place, key, crypto)) {
    for (const { descriptor, bytes } of signature.blobs) {
      const open = (offset = 0) => Promise.resolve(ReadableStream.from([bytes.subarray(offset)]));
      await registry.putBlob(repository, descriptor, open);
    }
    const { manifest, tag } = signature;
    await registry.putManifest(repository, tag ?? manifest.descriptor.digest, manifest);
  }
}
