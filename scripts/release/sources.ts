/** What a release changes in the source: the changelog and the two places of the version. */

import { UserError } from "../../lib/errors.ts";

/** Files of the source that a release changes, by path. */
export const CHANGELOG = "CHANGELOG.md";
export const VERSION_FILES = ["deno.json", "lib/version.ts"] as const;

const UNRELEASED = /^## Unreleased\n/m;

/** Where the version stands in a file; the group is the version. */
const PLACES: Record<(typeof VERSION_FILES)[number], RegExp> = {
  "deno.json": /^ {2}"version": "([^"]*)",$/m,
  "lib/version.ts": /^export const VERSION = "([^"]*)";$/m,
};

/** @throws {UserError} `validation` when the file does not say it. */
export function readVersion(name: (typeof VERSION_FILES)[number], text: string): string {
  const version = PLACES[name].exec(text)?.[1];
  if (version !== undefined) return version;
  throw new UserError("validation", `Cannot find the version in "${name}"`);
}

/** The text of a file with another version. */
export function writeVersion(
  name: (typeof VERSION_FILES)[number],
  text: string,
  version: string,
): string {
  return text.replace(
    PLACES[name],
    (line, old: string) => line.replace(`"${old}"`, `"${version}"`),
  );
}

/**
 * What is not released yet, as it stands in the changelog.
 * @throws {UserError} `validation` when there is no such section, or nothing in it.
 */
export function unreleasedEntries(changelog: string): string {
  const start = UNRELEASED.exec(changelog);
  if (start === null) {
    throw new UserError("validation", `"${CHANGELOG}" has no section "## Unreleased"`, {
      hint: "Add it above the newest release",
    });
  }
  const [section = ""] = changelog.slice(start.index + start[0].length).split(/^## /m);
  if (/^- \S/m.test(section)) return section.trim();
  throw new UserError("validation", `"${CHANGELOG}" has no entries under "## Unreleased"`, {
    hint: "Say there what has changed for users, each in a line that begins with -",
  });
}

/**
 * Gives what is unreleased a version and a day, and opens a new section above it.
 * @throws {UserError} `validation` as `unreleasedEntries`, `conflict` when the version has a section.
 */
export function releaseChangelog(changelog: string, version: string, day: string): string {
  const entries = unreleasedEntries(changelog);
  if (changelog.split("\n").some((line) => /^## \S+/.exec(line)?.[0] === `## ${version}`)) {
    throw new UserError("conflict", `"${CHANGELOG}" has a section of ${version} already`, {
      hint: "Choose a newer version",
    });
  }
  const [before = "", after = ""] = splitAt(changelog, entries);
  return `${before}## ${version} - ${day}\n\n${entries}${after}`;
}

function splitAt(text: string, part: string): [string, string] {
  const at = text.indexOf(part, UNRELEASED.exec(text)?.index ?? 0);
  return [text.slice(0, at), text.slice(at + part.length)];
}
