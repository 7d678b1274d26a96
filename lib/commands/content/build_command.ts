import type { Choose } from "../command.ts";
import { Choice } from "../options/choice.ts";
import { ByteSize, Words } from "../options/types.ts";
import { transferCommand, transferOptionsOf } from "./transfer_command.ts";
import { DEFAULT_COMPRESSION_LEVEL } from "./transfer_defaults.ts";

export function buildBuild(choose: Choose) {
  return transferCommand(
    "Build a content bundle: all that profiles or packs need, in one archive.\n\n" +
      "Images and charts are those of pack.content in the values of the packs, macros put in; " +
      "images that manifests use without declaring them are reported and taken along. " +
      "Everything is looked up before the first blob moves; blobs are kept for the next build.\n\n" +
      "Registries get the login of content registry-login, else that of Docker or Podman, else, " +
      "with --profiles, the one that Palette has for a registry on the same host.",
  )
    .type("words", new Words())
    .type("build-type", new Choice(["local", "remote"] as const))
    .type("sbom", new Choice(["published", "generate"] as const))
    .type("bytes", new ByteSize())
    .option("--profiles <uids:words>", "Cluster profiles, separated by commas.", { collect: true })
    .option("--packs <paths:words>", "Folders or tar.gz archives of packs, separated by commas.", {
      collect: true,
    })
    .option("-f, --metadata-file <file:file>", "Build what an edited bundle-definition.yaml says.")
    .option("--metadata-only", "Write only bundle-definition.yaml.")
    .option("--project-id <project:string>", "Project of the profiles; the active one by default.")
    .option("-n, --name <name:string>", "Name of the bundle; bundle-PROJECT by default.")
    .option("-o, --output <folder:file>", "Folder to write to; output/content-bundle by default.")
    .option(
      "--cluster-definition-name <name:string>",
      "Name of the cluster definition, without .tgz.",
    )
    .option(
      "--cluster-definition-profile-ids <uids:words>",
      "Profiles of the cluster definition, separated by commas.",
      { collect: true },
    )
    .option("--download-cluster-config-only", "Write only the cluster definition.")
    .option("--existing-bundles <files:words>", "Bundles whose blobs are not fetched again.", {
      collect: true,
    })
    .option(
      "--offline",
      "Connect to nothing: take images, charts and packs as --existing-bundles have them, and " +
        "blobs from there and from the cache; what is missing is told in one list.",
    )
    .option("--exclude-profiles <uids:words>", "Leave out what these profiles need.", {
      collect: true,
    })
    .option("--images-only", "Leave out charts and the packs themselves; with --packs.")
    .option(
      "--include-packs",
      "Take the packs themselves along, if they are in OCI registries; with --profiles.",
    )
    .option("--include-service-images", "Take images of Palette's services along (default).")
    .option("--no-include-service-images", "Leave images of Palette's services out.")
    .option(
      "--include-core-palette-images-only",
      "Of Palette's services only those that make a cluster.",
    )
    .option("--include-all-palette-images", "Until 4.6: as --include-service-images.", {
      hidden: true,
    })
    .option("--no-include-all-palette-images", "Until 4.6: as --no-include-service-images.", {
      hidden: true,
    })
    .option("--fips", "Images of Palette's services that are built for FIPS 140.")
    .option("--custom-ui <file:file>", "Archive of a widget for the hosts' local console.")
    .option("--application-release-name <name:string>", "Application, for the definition.")
    .option("--application-release-version <version:string>", "Its version.")
    .option("--application-release-notes <notes:string>", "Its release notes.")
    .option("--compression-level <level:whole>", "From 0 (plain tar) to 19; 3 by default.")
    .option(
      "--private-key <file:file>",
      "Key (PEM, or by cosign) that signs bundle and cluster definition.",
    )
    .option("-p, --push", "Push the bundle when it is built; with --registry.")
    .option("-r, --registry <registry:string>", "Registry and base path to push to.")
    .option(
      "--build-type <type:build-type>",
      "local (default), or remote: no archive, straight to --registry.",
    )
    .option("--skip-cleanup", "Keep temporary files.")
    .option("--split-size <size:bytes>", "Write parts of at most this size: 4G.")
    .option(
      "--sbom <source:sbom>",
      "SBOMs: published (those attached to images, always taken along), or generate, too: an SPDX " +
        "document of all items in the bundle; it does not look into images.",
    )
    .option("--lock", "Write bundle-definition.lock.yaml with every digest.")
    .option("--thin-against <file:file>", "Leave out blobs that this older bundle has.")
    .option("--declared-only", "Leave out images that no pack declares.")
    .option("--keep-going", "Go on after a failure, and report all of them.")
    .option(
      "--verify-images <key:file>",
      "Public key (PEM) that cosign signatures of all images are checked with, before the first " +
        "blob moves; can be given several times, and one has to fit.",
      { collect: true },
    )
    .option("--skip-missing-arch", "Leave out images that lack the architecture of --arch.")
    .option(
      "--set <macro:string>",
      "What a macro stands for: spectro.var.NAME=VALUE; can be given several times.",
      { collect: true },
    )
    .example(
      "What a bundle would hold",
      "palette content build --profiles 6a0c1e,6a0c1f --name edge-1 --metadata-only",
    )
    .example(
      "Of a pack on this machine",
      "palette content build --packs ./elastic-operator --metadata-only",
    )
    .example(
      "The cluster definition alone",
      "palette content build --cluster-definition-name edge --cluster-definition-profile-ids " +
        "6a0c1e,6a0c1f --download-cluster-config-only",
    )
    .action((options) =>
      choose(options, async (context) => {
        const { buildContent } = await import("./build.ts");
        if (options.includeAllPaletteImages !== undefined) {
          context.printer.warn(
            "--include-all-palette-images is gone; use --include-service-images",
          );
        }
        await buildContent({
          profiles: wordsOf(options.profiles),
          packs: wordsOf(options.packs),
          metadataFile: options.metadataFile,
          metadataOnly: options.metadataOnly === true,
          projectId: options.projectId,
          name: options.name,
          output: options.output,
          clusterDefinition: {
            name: options.clusterDefinitionName,
            profiles: wordsOf(options.clusterDefinitionProfileIds),
            isAll: options.downloadClusterConfigOnly === true,
          },
          existingBundles: wordsOf(options.existingBundles),
          excludeProfiles: wordsOf(options.excludeProfiles),
          imagesOnly: options.imagesOnly === true,
          includePacks: options.includePacks === true,
          includeServiceImages: options.includeServiceImages !== false &&
            options.includeAllPaletteImages !== false,
          coreImagesOnly: options.includeCorePaletteImagesOnly === true,
          isFips: options.fips === true,
          customUi: options.customUi,
          application: {
            name: options.applicationReleaseName ?? "",
            version: options.applicationReleaseVersion ?? "",
            notes: options.applicationReleaseNotes ?? "",
          },
          compressionLevel: options.compressionLevel ?? DEFAULT_COMPRESSION_LEVEL,
          privateKey: options.privateKey,
          push: options.push === true,
          registry: options.registry,
          buildType: options.buildType ?? "local",
          skipCleanup: options.skipCleanup === true,
          splitSizeBytes: options.splitSize,
          sbom: options.sbom,
          lock: options.lock === true,
          thinAgainst: options.thinAgainst,
          declaredOnly: options.declaredOnly === true,
          keepGoing: options.keepGoing === true,
          offline: options.offline === true,
          skipMissingArch: options.skipMissingArch === true,
          verifyImages: options.verifyImages ?? [],
          macros: options.set ?? [],
          transfer: transferOptionsOf(options),
        }, context);
      })
    );
}

/** Lists of all times that a flag was given, as one. */
function wordsOf(lists: readonly string[][] | undefined): string[] {
  return [...new Set((lists ?? []).flat())];
}
