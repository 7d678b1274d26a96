import { assertEquals } from "@std/assert";
import { isNewer, isVersion } from "../../../scripts/release/semver.ts";

Deno.test("isVersion() takes what semver.org calls a version, without build metadata", () => {
  for (const text of ["0.0.0", "1.2.3", "10.20.30", "1.0.0-rc.1", "1.0.0-0a.-b.0", "1.0.0--"]) {
    assertEquals([text, isVersion(text)], [text, true]);
  }
  const wrong = ["", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3-a..b", "v1.2.3"];
  for (const text of [...wrong, "1.2.3+b", "1.2.3\n", " 1.2.3", "1.2.x", "-1.2.3"]) {
    assertEquals([text, isVersion(text)], [text, false]);
  }
});

Deno.test("isNewer() orders versions as semver 11 does", () => {
  const ordered = [
    ...["0.1.0", "0.2.0-alpha", "0.2.0-alpha.1", "0.2.0-alpha.beta", "0.2.0-beta"],
    ...["0.2.0-beta.2", "0.2.0-beta.11", "0.2.0-rc.1", "0.2.0", "0.10.0", "1.0.0"],
    ...["9007199254740993.0.0", "9007199254740994.0.0"],
  ];
  ordered.forEach((version, at) => {
    ordered.forEach((other, otherAt) => {
      assertEquals([version, other, isNewer(version, other)], [version, other, at > otherAt]);
    });
  });
});
