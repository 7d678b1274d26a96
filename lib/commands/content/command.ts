import { type BuildBranch, group } from "../command.ts";
import { buildDefinition } from "./definition_command.ts";
import { buildServe } from "./serve_command.ts";

export const build: BuildBranch = (choose) =>
  group("Build, check, carry and upload content bundles for hosts without a network.")
    .command("definition", buildDefinition(choose))
    .command("serve", buildServe(choose));
