import { UserError } from "../../errors.ts";
import { isTag } from "../../oci/reference.ts";
import { archOf } from "./arch.ts";
import type { TransferOptions } from "./transfer_command.ts";

/** What `content build` is told. */
export interface BuildOptions {
  /** Uids. */
  profiles: string[];
  /** Folders and archives. */
  packs: string[];
  metadataFile: string | undefined;
  metadataOnly: boolean;
  projectId: string | undefined;
  name: string | undefined;
  output: string | undefined;
  clusterDefinition: {
    name: string | undefined;
    /** Uids. */
    profiles: string[];
    /** Nothing else is made. */
    isAll: boolean;
  };
  existingBundles: string[];
  excludeProfiles: string[];
  imagesOnly: boolean;
  includePacks: boolean;
  includeServiceImages: boolean;
  coreImagesOnly: boolean;
  isFips: boolean;
  customUi: string | undefined;
  application: { name: string; version: string; notes: string };
  compressionLevel: number;
  privateKey: string | undefined;
  push: boolean;
  registry: string | undefined;
  buildType: "local" | "remote";
  skipCleanup: boolean;
  splitSizeBytes: number | undefined;
  sbom: "published" | "generate" | undefined;
  lock: boolean;
  thinAgainst: string | undefined;
  declaredOnly: boolean;
  keepGoing: boolean;
  /** Trust existing bundles without asking registries. */
  offline: boolean;
  skipMissingArch: boolean;
  /** Files of public keys. */
  verifyImages: string[];
  /** `key=value` each. */
  macros: string[];
  transfer: TransferOptions;
}

/**
 * Macros by path, without a dot before it.
 * @throws {UserError} `usage`
 */
export function macrosOf(settings: readonly string[]): Map<string, string> {
  return new Map(settings.map((setting) => {
    const [, path, value = ""] = /^\.?(spectro\.[\w./-]+)=(.*)$/s.exec(setting) ?? [];
    if (path !== undefined) return [path, value];
    throw new UserError("usage", `--set must be spectro.PATH=VALUE, not "${setting}"`, {
      hint: "Write for instance --set spectro.var.registry=registry.example.com",
    });
  }));
}

/**
 * The name of a bundle is its tag in registries.
 * @throws {UserError} `usage`
 */
export function requireBundleName(name: string): void {
  if (isTag(name)) return;
  throw new UserError("usage", `"${name}" cannot be the name of a bundle`, {
    hint: "Use up to 128 letters, digits, dots, - and _, with a letter, digit or _ first",
  });
}

/**
 * Refuses flags that do not go together, before anything else happens.
 * @throws {UserError} `usage`
 */
export function checkBuildOptions(options: BuildOptions): void {
  const { clusterDefinition: definition, profiles, packs, metadataFile, name } = options;
  const problem = problemOf(options);
  if (problem !== null) throw new UserError("usage", problem);
  const { splitSizeBytes } = options;
  if (splitSizeBytes !== undefined && splitSizeBytes < MIN_PART_BYTES) {
    throw new UserError("usage", "--split-size must be 1M or more", {
      hint: "Pass 1M, the smallest that works, or more; 4095M is the most that FAT32 takes",
    });
  }
  const hasDefinition = definition.profiles.length > 0;
  if (profiles.length === 0 && packs.length === 0 && metadataFile === undefined && !hasDefinition) {
    throw new UserError("usage", "There is nothing to build from", {
      hint: "Pass --profiles, --packs, --metadata-file, or --cluster-definition-profile-ids",
    });
  }
  archOf(options.transfer.arch);
  macrosOf(options.macros);
  if (name !== undefined) requireBundleName(name);
}

/** Smaller parts are more files than anybody can carry. */
const MIN_PART_BYTES = 1024 * 1024;
const DEFINITION_UIDS = "--cluster-definition-profile-ids";

function problemOf(options: BuildOptions): string | null {
  const { clusterDefinition: definition, profiles, packs, metadataFile, registry } = options;
  const hasDefinition = definition.profiles.length > 0;
  const isRemote = options.buildType === "remote";
  const needs: [isGiven: boolean, flag: string, isMet: boolean, wanted: string][] = [
    [definition.name !== undefined, "--cluster-definition-name", hasDefinition, DEFINITION_UIDS],
    [hasDefinition, DEFINITION_UIDS, definition.name !== undefined, "--cluster-definition-name"],
    [definition.isAll, "--download-cluster-config-only", hasDefinition, DEFINITION_UIDS],
    [options.imagesOnly, "--images-only", packs.length > 0, "--packs"],
    [options.includePacks, "--include-packs", profiles.length > 0, "--profiles"],
    [options.excludeProfiles.length > 0, "--exclude-profiles", profiles.length > 0, "--profiles"],
    [options.push, "--push", registry !== undefined, "--registry"],
    [registry !== undefined, "--registry", options.push || isRemote, "--push"],
    [options.buildType === "remote", "--build-type remote", registry !== undefined, "--registry"],
    [options.offline, "--offline", options.existingBundles.length > 0, "--existing-bundles"],
  ];
  for (const [isGiven, flag, isMet, wanted] of needs) {
    if (isGiven && !isMet) return `${flag} needs ${wanted}`;
  }
  const conflicts: [boolean, string][] = [
    [metadataFile !== undefined && profiles.length > 0, "--metadata-file and --profiles"],
    [metadataFile !== undefined && packs.length > 0, "--metadata-file and --packs"],
    [
      definition.isAll && options.customUi !== undefined,
      "--download-cluster-config-only and --custom-ui",
    ],
    [
      definition.isAll && options.metadataOnly,
      "--download-cluster-config-only and --metadata-only",
    ],
    [options.metadataOnly && options.push, "--metadata-only and --push"],
    [options.metadataOnly && options.lock, "--metadata-only and --lock"],
    [options.metadataOnly && options.sbom === "generate", "--metadata-only and --sbom generate"],
    [
      options.metadataOnly && options.verifyImages.length > 0,
      "--metadata-only and --verify-images",
    ],
    [
      definition.isAll && options.verifyImages.length > 0,
      "--download-cluster-config-only and --verify-images",
    ],
    [options.splitSizeBytes !== undefined && isRemote, "--split-size and --build-type remote"],
    [options.push && options.buildType === "remote", "--push and --build-type remote"],
    [options.offline && profiles.length > 0, "--offline and --profiles"],
    [options.offline && hasDefinition, `--offline and ${DEFINITION_UIDS}`],
    [options.offline && options.push, "--offline and --push"],
    [options.offline && isRemote, "--offline and --build-type remote"],
  ];
  const conflict = conflicts.find(([isMet]) => isMet)?.[1];
  if (conflict !== undefined) return `${conflict} cannot be used together`;
  if (options.compressionLevel > 19) return "--compression-level must be from 0 to 19";
  return null;
}
