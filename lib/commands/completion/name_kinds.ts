import type { CommandContext } from "../context.ts";

/** Things whose names are completed. */
export interface NameKind {
  /** Whether the active project has a say in which there are. */
  isOfProject: boolean;
  list(context: CommandContext): Promise<{ name: string }[]>;
}

/**
 * A row for each, under the word that stands as the third part of a flag's value:
 * `--name <name:string:virtual-cluster>`. Cliffy puts it into its scripts as the action to ask for;
 * for a word without a row nothing is completed.
 */
export const NAME_KINDS: ReadonlyMap<string, NameKind> = new Map<string, NameKind>([
  ["app", {
    isOfProject: true,
    async list(context) {
      const { listApps } = await import("../../api/app_deployments.ts");
      return await listApps((await context.projectPalette()).palette);
    },
  }],
  ["app-profile", {
    isOfProject: true,
    async list(context) {
      const { listAppProfiles } = await import("../../api/app_profiles.ts");
      return await listAppProfiles((await context.projectPalette()).palette);
    },
  }],
  ["cluster-group", {
    isOfProject: true,
    async list(context) {
      const { usableGroups } = await import("../pde/cluster_group/choose.ts");
      return await usableGroups((await context.projectPalette()).palette, context);
    },
  }],
  ["project", {
    isOfProject: false,
    async list(context) {
      const { listProjectNames } = await import("../../api/projects.ts");
      return await listProjectNames(await context.tenantPalette());
    },
  }],
  ["registry", {
    isOfProject: true,
    async list(context) {
      const { listRegistries } = await import("../../api/registries.ts");
      return await listRegistries(await context.palette());
    },
  }],
  ["virtual-cluster", {
    isOfProject: true,
    async list(context) {
      const { listVirtualClusters } = await import("../../api/virtual_clusters.ts");
      return await listVirtualClusters((await context.projectPalette()).palette);
    },
  }],
]);
