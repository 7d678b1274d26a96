import { UserError } from "../../lib/errors.ts";
import { CARRIERS } from "../deps.ts";
import type { BundleSource } from "../bundle.ts";

/** A package whose code is in the bundle. */
export interface BundledModule {
  name: string;
  version: string;
  /** Where it is from, as a package URL (purl-spec). */
  purl: string;
  /** Copyright lines at the heads of its files. */
  copyrights: string[];
  /** Folder with its licence; null for JSR's packages, which carry none. */
  folder: string | null;
}

/** JSR's packages, from JSR itself or as an npm package carries them. */
const FROM_JSR = /^(.*?)(?:deps\/)?jsr\.io\/(@[\w-]+\/[\w-]+)\/([^/]+)\//;
/** Deno's cache of npm packages: `npm/REGISTRY/NAME/VERSION/`. */
const FROM_NPM = /^.*\/npm\/[^/]+\/((?:@[^/]+\/)?[^/@]+)\/(\d[^/]*)\//;
/** What scripts/deps.ts puts in place of the carriers' own. */
const OUR_SHIM = /\/\.deps\/.*\/_dnt\.shims\.js$/;

/**
 * The packages that the files of a bundle are of, sorted.
 * @param root Folder of the repository; what lies there is ours.
 * @throws {UserError} `validation` for a file of a package that cannot be told.
 */
export function bundledModules(sources: readonly BundleSource[], root: string): BundledModule[] {
  const modules = new Map<string, BundledModule>();
  for (const { path, text } of sources) {
    if (OUR_SHIM.test(path) || path.startsWith(`${root}lib/`) || path === `${root}main.ts`) {
      continue;
    }
    const found = moduleOf(path);
    if (found === null) {
      throw new UserError("validation", `Cannot tell which package "${path}" of the bundle is of`, {
        hint: "Teach scripts/portable/bundled_modules.ts its place",
      });
    }
    const known = modules.get(found.purl) ?? found;
    modules.set(found.purl, known);
    for (const line of copyrightsOf(text)) {
      if (!known.copyrights.includes(line)) known.copyrights.push(line);
    }
  }
  return [...modules.values()].sort((a, b) => a.purl < b.purl ? -1 : 1)
    .map((module) => ({ ...module, copyrights: module.copyrights.sort() }));
}

function moduleOf(path: string): BundledModule | null {
  const [, before = "", jsrName, jsrVersion = ""] = FROM_JSR.exec(path) ?? [];
  if (jsrName !== undefined) {
    const carrier = CARRIERS.find(({ name }) => before.includes(`/${name}/`));
    const purl = carrier === undefined
      ? `pkg:generic/${encodeName(jsrName)}@${jsrVersion}?download_url=https://jsr.io/${jsrName}`
      : `pkg:npm/${carrier.name}@${carrier.version}#esm/deps/jsr.io/${jsrName}/${jsrVersion}`;
    return { name: jsrName, version: jsrVersion, purl, copyrights: [], folder: null };
  }
  const [folder = "", npmName, npmVersion = ""] = FROM_NPM.exec(path) ?? [];
  if (npmName === undefined) return null;
  const purl = `pkg:npm/${encodeName(npmName)}@${npmVersion}`;
  return { name: npmName, version: npmVersion, purl, copyrights: [], folder };
}

function encodeName(name: string): string {
  return name.replace("@", "%40");
}

function copyrightsOf(text: string): string[] {
  return [...text.matchAll(/^\/\/ (Copyright .*\S)/gm)].map((match) => match[1] ?? "");
}
