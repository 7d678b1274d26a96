import type { Operation } from "../operation.ts";
import { APP_OPERATIONS } from "./apps.ts";
import { APP_PROFILE_OPERATIONS } from "./app_profiles.ts";
import { CLUSTER_GROUP_OPERATIONS } from "./cluster_groups.ts";
import { CLUSTER_OPERATIONS } from "./clusters.ts";
import { CONTENT_OPERATIONS } from "./content.ts";
import { PACK_OPERATIONS } from "./packs.ts";
import { IMPORTED_CLUSTER_OPERATIONS } from "./imported_clusters.ts";
import { PROJECT_OPERATIONS } from "./projects.ts";
import { REGISTRY_NAME_OPERATIONS } from "./registry_names.ts";
import { REGISTRY_OPERATIONS } from "./registries.ts";
import { SYSTEM_OPERATIONS } from "./system.ts";
import { USER_OPERATIONS } from "./users.ts";

/** Every operation the stand-in knows. */
export const OPERATIONS: readonly Operation[] = [
  ...SYSTEM_OPERATIONS,
  ...USER_OPERATIONS,
  ...PROJECT_OPERATIONS,
  ...CLUSTER_GROUP_OPERATIONS,
  ...CLUSTER_OPERATIONS,
  ...APP_PROFILE_OPERATIONS,
  ...APP_OPERATIONS,
  ...PACK_OPERATIONS,
  ...REGISTRY_NAME_OPERATIONS,
  ...REGISTRY_OPERATIONS,
  ...IMPORTED_CLUSTER_OPERATIONS,
  ...CONTENT_OPERATIONS,
];
