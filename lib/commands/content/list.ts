import { UserError } from "../../errors.ts";
import { DEFINITION_REPOSITORY } from "../../content/bundle.ts";
import type { Manifest } from "../../oci/manifest.ts";
import { parseRegistryAddress } from "../../oci/registry_address.ts";
import type { Registry } from "../../oci/registry/registry.ts";
import { readVerified } from "../../oci/verified.ts";
import { listDocument } from "../../output/format.ts";
import { sanitizeLine } from "../../output/sanitize.ts";
import { valueAt } from "../../yaml/pointer.ts";
import { readYaml } from "../../yaml/yaml_reader.ts";
import type { CommandContext } from "../context.ts";
import { requireFlags } from "../lookup.ts";
import { bundleTags } from "./bundle_tags.ts";
import { listLocalBundles } from "./list_local.ts";
import { openRegistries, type RegistryFlags } from "./open_registries.ts";
import { basePathOf } from "./remote_reference.ts";

export interface ListOptions {
  repo?: string | undefined;
  arch?: string | undefined;
  flags: RegistryFlags;
}

/** A bundle in a list. */
export interface ListedBundle {
  /** Tag, or name of the file. */
  name: string;
  /** What other commands take. */
  reference: string;
}

/** Lists the bundles of a registry or of a folder. */
export async function listBundles(options: ListOptions, context: CommandContext): Promise<void> {
  const { prompter, printer } = context;
  requireFlags({ "--repo": options.repo }, context);
  const repo = options.repo ?? await prompter?.input({ label: "Repository" }) ?? "";
  const bundles = await listLocalBundles(repo, context) ?? await listRemote(repo, options, context);
  await printer.result({
    document: () => listDocument(bundles.map((bundle) => ({ ...bundle }))),
    text: () =>
      ["Listing bundles", ...bundles.map(({ reference }) => sanitizeLine(reference))]
        .map((line) => `${line}\n`).join(""),
  });
}

async function listRemote(
  repo: string,
  { arch, flags }: ListOptions,
  context: CommandContext,
): Promise<ListedBundle[]> {
  const { host, path, isPlainHttp } = parseRegistryAddress(repo, "--repo");
  const base = basePathOf(path);
  const repository = base === "" ? DEFINITION_REPOSITORY : `${base}/${DEFINITION_REPOSITORY}`;
  const registries = await openRegistries(flags, context);
  try {
    const registry = registries.open(host, isPlainHttp);
    const tags = await bundleTags(registry, repository);
    const isWanted = await Promise.all(
      tags.map((tag) => arch === undefined || fits({ registry, repository, tag }, arch, context)),
    );
    return tags.filter((_, at) => isWanted[at])
      .map((tag) => ({ name: tag, reference: `${host}/${repository}:${tag}` }));
  } finally {
    registries.close();
  }
}

/** Whether a bundle holds an architecture; one whose definition does not say is kept. */
async function fits(
  { registry, repository, tag }: { registry: Registry; repository: string; tag: string },
  arch: string,
  { runtime, log }: CommandContext,
): Promise<boolean> {
  const what = `${registry.host}/${repository}:${tag}`;
  try {
    const { blobs: [, layer] }: Manifest = await registry.getManifest(repository, tag);
    if (layer === undefined) return true;
    const bytes = await readVerified(registry.source(repository), layer, what, {
      crypto: runtime.crypto,
    });
    const root = await readYaml(new TextDecoder().decode(bytes), what);
    const arches = valueAt(root, ["spec", "arch"]);
    return !Array.isArray(arches) || arches.length === 0 || arches.includes(arch);
  } catch (error) {
    if (!(error instanceof UserError) || !["validation", "integrity"].includes(error.code)) {
      throw error;
    }
    log.warn(`cannot tell the architecture of ${what}`, { reason: error.message });
    return true;
  }
}
