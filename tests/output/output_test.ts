import { assertEquals } from "@std/assert";
import { formatJson, formatYaml, listDocument } from "../../lib/output/format.ts";
import { sanitizeLine, sanitizeText } from "../../lib/output/sanitize.ts";
import { formatFields, formatTable } from "../../lib/output/table.ts";

const HOSTILE: [string, string, string][] = [
  ["an escape sequence", "\x1b[31mred", "^[[31mred"],
  ["a title", "\x1b]0;owned\x07", "^[]0;owned^G"],
  ["a C1 control", "a\u009b31m", "a\\u009b31m"],
  ["DEL", "a\x7fb", "a\\u007fb"],
  ["NUL", "a\0b", "a^@b"],
  ["a backspace", "a\bb", "a^Hb"],
  ["line ends", "a\r\nb\nc", "a b c"],
  ["tabs", "a\tb", "a b"],
  ["a line separator", "a\u2028b", "a\\u2028b"],
  ["text turned around", "a\u202egnp", "a\\u202egnp"],
  ["an isolate", "a\u2066b", "a\\u2066b"],
  ["ordinary text", "Größe 日本 👍", "Größe 日本 👍"],
];

for (const [name, given, wanted] of HOSTILE) {
  Deno.test(`sanitizeLine() makes ${name} visible`, () => {
    assertEquals(sanitizeLine(given), wanted);
  });
}

Deno.test("sanitizeText() keeps line ends and tabs, and no other control", () => {
  assertEquals(sanitizeText("a\r\nb\tc\x1b[2J\rd"), "a\nb\tc^[[2J^Md");
});

Deno.test("formatTable() aligns columns with two spaces, the last one open", () => {
  assertEquals(
    formatTable(["NAME", "UID"], [["a", "1"], ["longer name", "22"]]),
    "NAME         UID\na            1\nlonger name  22\n",
  );
});

Deno.test("formatTable() leaves no cell empty and no space at the end", () => {
  assertEquals(formatTable(["A", "B"], [["", ""]]), "A  B\n-  -\n");
});

Deno.test("formatTable() aligns wide characters as terminals show them", () => {
  assertEquals(
    formatTable(["NAME", "UID"], [["日本", "1"], ["abcd", "2"]]),
    "NAME  UID\n日本  1\nabcd  2\n",
  );
});

Deno.test("formatTable() keeps a row on its line", () => {
  assertEquals(formatTable(["A"], [["x\ny"]]), "A\nx y\n");
});

Deno.test("formatFields() aligns values", () => {
  assertEquals(formatFields([["A", "1"], ["Long", ""]]), "A:     1\nLong:  -\n");
});

Deno.test("formatJson() is one document that no terminal obeys and every parser reads", () => {
  const document = { a: "\x1b\u009b\x7f\u2028", b: [1, null, true] };
  const text = formatJson(document);
  assertEquals(JSON.parse(text), document);
  // deno-lint-ignore no-control-regex
  assertEquals(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028]/.test(text), false);
  assertEquals(text.endsWith("}\n"), true);
});

Deno.test("formatYaml() keeps long texts on one line", async () => {
  const long = "word ".repeat(50).trim();
  assertEquals(await formatYaml({ long }), `long: ${long}\n`);
});

Deno.test("formatYaml() quotes what would be read as another type", async () => {
  const text = await formatYaml({ a: "123", b: "true", c: "", d: "null" });
  assertEquals(text, "a: '123'\nb: 'true'\nc: ''\nd: 'null'\n");
});

Deno.test("formatYaml() escapes what a terminal would obey", async () => {
  const text = await formatYaml({ a: "\x1b[31m\u009b" });
  // deno-lint-ignore no-control-regex
  assertEquals(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/.test(text), false);
});

Deno.test("listDocument() counts its items", () => {
  assertEquals(listDocument(["a", "b"]), { items: ["a", "b"], count: 2 });
});
