import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import { VERSION } from "../../../lib/version.ts";
import {
  readVersion,
  releaseChangelog,
  unreleasedEntries,
  VERSION_FILES,
  writeVersion,
} from "../../../scripts/release/sources.ts";

const ROOT = new URL("../../../", import.meta.url);
const CHANGES = `# Changelog

## Unreleased

### Added

- One,
  on two lines.

## 0.1.0 - 2024-01-01

- Older.
`;

Deno.test("releaseChangelog() gives what is unreleased a version, and opens a new section", () => {
  assertEquals(
    releaseChangelog(CHANGES, "0.2.0", "2024-02-29"),
    `# Changelog

## Unreleased

## 0.2.0 - 2024-02-29

### Added

- One,
  on two lines.

## 0.1.0 - 2024-01-01

- Older.
`,
  );
  // The first release, at the end of the file.
  assertEquals(
    releaseChangelog("## Unreleased\n\n- One.\n", "0.1.0", "2024-02-29"),
    "## Unreleased\n\n## 0.1.0 - 2024-02-29\n\n- One.\n",
  );
});

Deno.test("releaseChangelog() wants entries, and a version without a section", () => {
  const codeOf = (changelog: string, version = "0.2.0") =>
    assertThrows(() => releaseChangelog(changelog, version, "2024-02-29"), UserError).message;
  assertEquals(codeOf("# Changelog\n"), '"CHANGELOG.md" has no section "## Unreleased"');
  const empty = CHANGES.replace(/### Added[^]*?## 0/, "## 0");
  assertEquals(codeOf(empty), '"CHANGELOG.md" has no entries under "## Unreleased"');
  assertEquals(codeOf(empty.replace("## 0", "### Added\n\n## 0")), codeOf(empty));
  assertEquals(codeOf(CHANGES, "0.1.0"), '"CHANGELOG.md" has a section of 0.1.0 already');
});

Deno.test("the version is found in the sources of this very program, and nothing else changes", async () => {
  for (const name of VERSION_FILES) {
    const text = await Deno.readTextFile(new URL(name, ROOT));
    assertEquals(readVersion(name, text), VERSION);
    const written = writeVersion(name, text, "99.0.0-rc.1");
    assertEquals(readVersion(name, written), "99.0.0-rc.1");
    assertEquals(writeVersion(name, written, VERSION), text);
  }
  assertEquals(
    assertThrows(() => readVersion("deno.json", "{}"), UserError).message,
    'Cannot find the version in "deno.json"',
  );
});

Deno.test("the changelog of this program can be released, unless it just was", async () => {
  const text = await Deno.readTextFile(new URL("CHANGELOG.md", ROOT));
  assertEquals(text.split("\n## Unreleased\n").length, 2);
  if (text.includes(`\n## ${VERSION} - `)) return;
  assertEquals(unreleasedEntries(text).includes("\n- "), true);
});
