import type { Operation } from "../operation.ts";
import { CLUSTER_GROUP_OPERATIONS } from "./cluster_groups.ts";
import { CLUSTER_OPERATIONS } from "./clusters.ts";
import { PROJECT_OPERATIONS } from "./projects.ts";
import { SYSTEM_OPERATIONS } from "./system.ts";
import { USER_OPERATIONS } from "./users.ts";

/** Every operation the stand-in knows. */
export const OPERATIONS: readonly Operation[] = [
  ...SYSTEM_OPERATIONS,
  ...USER_OPERATIONS,
  ...PROJECT_OPERATIONS,
  ...CLUSTER_GROUP_OPERATIONS,
  ...CLUSTER_OPERATIONS,
];
