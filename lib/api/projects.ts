import type { PaletteClient } from "./client.ts";
import { tagsOf } from "./labels.ts";
import { byName } from "./order.ts";
import { collectPages } from "./pages.ts";

export interface ProjectName {
  name: string;
  uid: string;
}

export interface Project extends ProjectName {
  description: string;
  /** `key:value`, or the key alone for one without a value. */
  tags: string[];
}

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
  const request = { method: "POST", path: "/v1/dashboard/projects", body: {} };
  const projects = await collectPages(client, request, (item) => {
    const metadata = item.at("metadata");
    return {
      name: metadata.at("name").text(),
      uid: metadata.at("uid").text(),
      description: metadata.at("annotations", "description").textOrEmpty(),
      tags: tagsOf(metadata.at("labels").texts()),
    };
  });
  return projects.sort(byName);
}
