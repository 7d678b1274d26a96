import { assertEquals, assertThrows } from "@std/assert";
import { parse } from "@std/yaml";
import { parse as parseElsewhere } from "yaml";
import { UserError } from "../../lib/errors.ts";
import { readYamlDocuments } from "../../lib/yaml/yaml_documents.ts";
import { writeYaml } from "../../lib/yaml/yaml_writer.ts";

/** Plain objects, to compare. */
function read(text: string): unknown {
  return JSON.parse(JSON.stringify(readYamlDocuments(text, "x")));
}

Deno.test("readYamlDocuments() takes several documents, and every scalar as it is written", () => {
  assertEquals(read("\ufeffa: 1.10\nb: [true, ~, 0x1]\n---\n---\n- c\n"), [
    { a: "1.10", b: ["true", "~", "0x1"] },
    ["c"],
  ]);
  assertEquals(read(""), []);
  assertEquals(read("# only a comment\n"), []);
});

Deno.test("readYamlDocuments() follows aliases and merge keys", () => {
  const text = `base: &base {a: 1, b: 2}
more: &more {b: 3, c: 4}
one: {<<: *base, a: 5}
two: {<<: [*more, *base]}
`;
  assertEquals((read(text) as Record<string, unknown>[])[0]?.["one"], { a: "5", b: "2" });
  assertEquals((read(text) as Record<string, unknown>[])[0]?.["two"], { a: "1", b: "3", c: "4" });
});

Deno.test("readYamlDocuments() is not blown up by aliases", () => {
  const lines = ["a0: &a0 [x, x]"];
  for (let at = 1; at < 60; at++) lines.push(`a${at}: &a${at} [*a${at - 1}, *a${at - 1}]`);
  const [document] = readYamlDocuments(lines.join("\n"), "x");
  assertEquals(Object.keys(document ?? {}).length, 60);
});

Deno.test("readYamlDocuments() says what cannot be read, and where", () => {
  const error = assertThrows(() => readYamlDocuments("a: [\n", 'values of pack "p"'), UserError);
  assertEquals(/^Cannot read values of pack "p": .+line/.test(error.message), true);
});

Deno.test("writeYaml() writes what every reader takes for the same", () => {
  const document = {
    plain: "a/b:c@d",
    words: ["yes", "null", "~", "1.10", "-", "", " a", "a: b", "#c", "x\ny\t", "\u0085\u2028é"],
    numbers: [1, -1.5, 0],
    flags: [true, false, null],
    nested: [[1, [2]], { a: { b: [] }, "k: y": {} }],
    empty: [],
  };
  const text = writeYaml(document);
  assertEquals(parse(text), document);
  assertEquals(parseElsewhere(text), document);
  assertEquals(text.split("\n").slice(0, 4), [
    "plain: a/b:c@d",
    "words:",
    '  - "yes"',
    '  - "null"',
  ]);
});
