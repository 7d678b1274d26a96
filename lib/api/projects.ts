import type { PaletteClient } from "./client.ts";
import { listPages } from "./pages.ts";

export interface ProjectName {
  name: string;
  uid: string;
}

export interface Project extends ProjectName {
  description: string;
  /** `key:value`, or the key alone for one without a value. */
  tags: string[];
}

/** How Palette stores the value of a tag that has none. */
const NO_VALUE = "spectro__tag";

/** Names of all projects the user may see, in one answer; sorted by name. */
export async function listProjectNames(client: PaletteClient): Promise<ProjectName[]> {
  const answer = await client.call({ method: "GET", path: "/v1/dashboard/projects/metadata" });
  const projects = answer.at("items").list().map((item) => ({
    name: item.at("metadata", "name").text(),
    uid: item.at("metadata", "uid").text(),
  }));
  return projects.sort(byName);
}

/** All projects the user may see, with their details; sorted by name. */
export async function listProjects(client: PaletteClient): Promise<Project[]> {
  const projects: Project[] = [];
  const request = { method: "POST", path: "/v1/dashboard/projects", body: {} };
  for await (const item of listPages(client, request)) {
    const metadata = item.at("metadata");
    projects.push({
      name: metadata.at("name").text(),
      uid: metadata.at("uid").text(),
      description: metadata.at("annotations", "description").textOrEmpty(),
      tags: Object.entries(metadata.at("labels").texts())
        .map(([key, value]) => value === NO_VALUE ? key : `${key}:${value}`).sort(),
    });
  }
  return projects.sort(byName);
}

/** The same order on every machine: by code units, then by uid. */
function byName(a: ProjectName, b: ProjectName): number {
  return compare(a.name, b.name) || compare(a.uid, b.uid);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
