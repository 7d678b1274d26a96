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

export const build: BuildBranch = (choose, words) =>
  group("Build, check, carry and upload content bundles for hosts without a network.", words, {
    build: () => buildBuild(choose),
    copy: () => buildCopy(choose),
    definition: () => buildDefinition(choose),
    diff: () => buildDiff(choose),
    list: () => buildContentList(choose),
    push: () => buildPush(choose),
    "registry-login": () => buildRegistryLogin(choose),
    save: () => buildSave(choose),
    serve: () => buildServe(choose),
    upload: () => buildUpload(choose),
    verify: () => buildVerify(choose),
  });
