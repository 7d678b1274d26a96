import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import { parseSelector } from "../../../lib/content/transfer/selector.ts";

function holds(selectors: string[], annotations: Record<string, string>): boolean {
  const descriptor = { mediaType: "", digest: "sha256:" as const, size: 0, annotations };
  return parseSelector(selectors)({ descriptor }, { annotations: { site: "north", app: "all" } });
}

Deno.test("parseSelector() wants all of its terms, the item's annotations before the bundle's", () => {
  const cases: [string[], boolean][] = [
    [["app=shop"], true],
    [["app=all"], false],
    [["app=shop, version=1.0.0"], true],
    [["app=shop,version=2"], false],
    [["app=shop", "version=2"], false],
    [["site=north"], true],
    [["app!=all"], true],
    [["none!=x"], true],
    [["version"], true],
    [["none"], false],
    [["version,none"], false],
    [["empty="], true],
    [["toString"], false],
  ];
  for (const [selectors, wanted] of cases) {
    const found = holds(selectors, { app: "shop", version: "1.0.0", empty: "" });
    assertEquals([selectors, found], [selectors, wanted]);
  }
});

for (const text of ["", "=x", "a=b,,c=d", "!a"]) {
  Deno.test(`parseSelector() refuses "${text}"`, () => {
    assertEquals(assertThrows(() => parseSelector([text]), UserError).code, "usage");
  });
}
