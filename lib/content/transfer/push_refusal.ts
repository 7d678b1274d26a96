import { UserError } from "../../errors.ts";
import { isNotThere, RegistryError } from "../../oci/registry/registry_error.ts";
import type { Registry } from "../../oci/registry/registry.ts";
import { inFlight } from "../../runtime/in_flight.ts";

export interface RefusedPush {
  registry: Registry;
  /** Path below the registry's host; empty for none. */
  base: string;
  /** Everything that is pushed to. */
  repositories: readonly string[];
  jobs: number;
}

/** Registries that make no repository by themselves. */
const ECR = /(^|\.)ecr(-fips)?\.([\w-]+\.)?(amazonaws\.com(\.cn)?|aws)$/;

/**
 * What a push was refused with, and what of the registry may be the reason: Harbor takes nothing
 * without a project, ECR nothing without a repository (each says so in its own words).
 */
export async function explainRefusal(error: unknown, push: RefusedPush): Promise<unknown> {
  if (!(error instanceof RegistryError)) return error;
  const { registry, base } = push;
  const project = base.split("/")[0] ?? "";
  const hint = error.status === 404
    ? await hintOfMissing(project, push)
    : error.status === 401 || error.status === 403
    ? `${error.hint ?? ""}; ${projectHint(project, registry.host)}`
    : null;
  if (hint === null) return error;
  const { code, message, status, problem } = error;
  return new RegistryError(code, message, { hint, status: status ?? 0, problem, cause: error });
}

async function hintOfMissing(project: string, push: RefusedPush): Promise<string> {
  const { host } = push.registry;
  const missing = (await missingRepositories(push)).join(", ");
  if (ECR.test(host)) {
    return "Create these repositories first, with aws ecr create-repository --repository-name " +
      `NAME for each${missing === "" ? "" : `: ${missing}`}`;
  }
  if (missing === "") return projectHint(project, host);
  return `${projectHint(project, host)}; if ${host} makes no repositories itself, create these: ` +
    missing;
}

function projectHint(project: string, host: string): string {
  return project === ""
    ? `in Harbor a project has to be named, and to exist: --registry ${host}/PROJECT`
    : `in Harbor the project "${project}" has to exist`;
}

/**
 * Those that the registry does not know; what it does not tell of, or cannot be asked for, is not
 * among them.
 */
async function missingRepositories(
  { registry, repositories, jobs }: RefusedPush,
): Promise<string[]> {
  const missing: string[] = [];
  await inFlight(new Set(repositories), jobs, async (repository) => {
    try {
      await registry.listTags(repository);
    } catch (error) {
      if (isNotThere(error)) missing.push(repository);
      else if (!(error instanceof UserError)) throw error;
    }
  });
  return missing.sort();
}
