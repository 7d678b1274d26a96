import { type BuildBranch, group } from "../command.ts";
import { buildBuild } from "./build_command.ts";
import { buildCopy } from "./copy_command.ts";
import { buildDefinition } from "./definition_command.ts";
import { buildDiff } from "./diff_command.ts";
import { buildContentList } from "./list_command.ts";
import { buildPush } from "./push_command.ts";
import { buildRegistryLogin } from "./registry_login_command.ts";
import { buildSave } from "./save_command.ts";
import { buildServe } from "./serve_command.ts";
import { buildUpload } from "./upload_command.ts";
import { buildVerify } from "./verify_command.ts";

export const build: BuildBranch = (choose) =>
  group("Build, check, carry and upload content bundles for hosts without a network.")
    .command("build", buildBuild(choose))
    .command("copy", buildCopy(choose))
    .command("definition", buildDefinition(choose))
    .command("diff", buildDiff(choose))
    .command("list", buildContentList(choose))
    .command("push", buildPush(choose))
    .command("registry-login", buildRegistryLogin(choose))
    .command("save", buildSave(choose))
    .command("serve", buildServe(choose))
    .command("upload", buildUpload(choose))
    .command("verify", buildVerify(choose));
