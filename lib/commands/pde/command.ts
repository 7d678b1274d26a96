import { DEFAULT_CONSOLE_URL } from "../../api/console_url.ts";
import { type BuildBranch, group } from "../command.ts";
import { buildApp } from "./app/command.ts";
import { buildAppProfile } from "./app_profile/command.ts";
import { buildClusterGroup } from "./cluster_group/command.ts";
import { buildQuota } from "./quota/command.ts";
import { buildRegistry } from "./registry/command.ts";
import { buildVirtualCluster } from "./virtual_cluster/command.ts";
import { buildLogin } from "../login/command.ts";
import { build as buildProject } from "../project/command.ts";

/** Where login and project were before 4.0; old scripts and an editor extension call them there. */
const LOGIN_DEFAULTS = { project: "Default", consoleUrl: DEFAULT_CONSOLE_URL };

export const build: BuildBranch = (choose, words) =>
  group("Palette Dev Engine: clusters and apps for developers.", words, {
    app: (rest) => buildApp(choose, rest),
    "app-profile": (rest) => buildAppProfile(choose, rest),
    "cluster-group": (rest) => buildClusterGroup(choose, rest),
    login: () => buildLogin(choose, LOGIN_DEFAULTS).hidden(),
    project: (rest) => buildProject(choose, rest).hidden(),
    quota: () => buildQuota(choose),
    registry: (rest) => buildRegistry(choose, rest),
    "virtual-cluster": (rest) => buildVirtualCluster(choose, rest),
  });
