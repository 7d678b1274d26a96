import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { formatPointer, parsePointer, scalarsOf, valueAt } from "../../lib/yaml/pointer.ts";
import { applySplices, Quoted, YamlEditor } from "../../lib/yaml/yaml_document.ts";
import { readYaml } from "../../lib/yaml/yaml_reader.ts";
import { UserError } from "../../lib/errors.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const TEXTS: [string, string][] = [
  ["6342e2", "6342e2"],
  ["0123", "0123"],
  ["0x1F", "0x1F"],
  ["1e3", "1e3"],
  ["2026-01-02", "2026-01-02"],
  ["true", "true"],
  ["yes", "yes"],
  ["null", "null"],
  ["~", "~"],
  ["1.10", "1.10"],
  ["", ""],
  ['"a & b"', "a & b"],
  ["'!x *y'", "!x *y"],
  ["a&b", "a&b"],
  ['"\\u00e9"', "é"],
  ["a # comment &x", "a"],
];

for (const [written, read] of TEXTS) {
  Deno.test(`readYaml() reads ${JSON.stringify(written)} as the text ${JSON.stringify(read)}`, async () => {
    assertEquals(await readYaml(`key: ${written}\n`, "f"), { key: read });
  });
}

Deno.test("readYaml() reads JSON, CRLF and an empty file", async () => {
  assertEquals(await readYaml('{"a": {"b": [1, true, null]}}', "f"), {
    a: { b: ["1", "true", "null"] },
  });
  assertEquals(await readYaml("a: 1\r\nb: 2\r\n", "f"), { a: "1", b: "2" });
  assertEquals(await readYaml('{\n\t"a": {\n\t\t"b": 1\n\t}\n}\n', "f"), { a: { b: "1" } });
  assertEquals(await readYaml("", "f"), {});
  assertEquals(await readYaml("# only a comment\n", "f"), {});
});

const REFUSED: [string, string, string][] = [
  ["an anchor", "a: &x 1\n", "an anchor cannot be used in this file, at line 1, column"],
  ["an alias", "a: 1\nb: *x\n", "line 2"],
  ["a tag", "a: !!binary aGk=\n", "a tag cannot be used in this file, at line 1, column"],
  [
    "a merge key",
    "a:\n  <<: {b: 1}\n",
    "a merge key cannot be used in this file, at line 2, column 3",
  ],
  [
    "several documents",
    "a: 1\n---\nb: 2\n",
    "several documents cannot be used in this file, at line 2",
  ],
  ["a directive", "%YAML 1.2\n---\na: 1\n", "a directive cannot be used in this file"],
  ["a duplicate key", "a: 1\na: 2\n", "line 2"],
  ["a list at the top", "- a\n", "it is not a mapping at line 1, column 1"],
  ["a text at the top", "just text\n", "it is not a mapping at line 1, column 1"],
  ["an open bracket", "a: [1,\n", "line"],
  ["a tab", "a:\n\tb: 1\n", "line 2"],
  ["broken JSON", '{"a": }x', "line 1"],
];

for (const [name, text, reason] of REFUSED) {
  Deno.test(`readYaml() refuses ${name}, with its place`, async () => {
    const error = await assertRejects(() => readYaml(text, "/w/palette.yaml"), UserError);
    assertEquals(error.code, "validation");
    assertStringIncludes(error.message, 'Cannot read "/w/palette.yaml": ');
    assertStringIncludes(error.message, reason);
  });
}

const KEPT = `# top
a: 1   # one
'quoted key': "x"
list:
  - first # item
  - { flow: 'single', other: "double" }

unknown: {deep: [1, 2]}
last: plain
`;

Deno.test("YamlEditor replaces scalars and no other byte", () => {
  const editor = new YamlEditor(KEPT, "f");
  editor.set(["list", "1", "flow"], "changed");
  editor.set(["a"], new Quoted("new"));
  editor.set(["last"], "it's: odd");
  assertEquals(
    editor.toString(),
    KEPT.replace("'single'", "changed").replace("a: 1", 'a: "new"').replace(
      "last: plain",
      'last: "it\'s: odd"',
    ),
  );
});

Deno.test("YamlEditor keeps CRLF and blank lines", () => {
  const text = "a: 1\r\n\r\n# note\r\nb: 2\r\n";
  const editor = new YamlEditor(text, "f");
  editor.set(["b"], "3");
  assertEquals(editor.toString(), text.replace("b: 2", 'b: "3"'));
});

Deno.test("YamlEditor adds keys with their parents and keeps comments", () => {
  const editor = new YamlEditor(KEPT, "f");
  editor.set(["new", "deep", "key"], true);
  const text = editor.toString();
  for (const comment of ["# top", "# one", "# item"]) assertStringIncludes(text, comment);
  assertStringIncludes(text, "new:\n  deep:\n    key: true\n");
  assertEquals(text.indexOf("unknown:") < text.indexOf("last:"), true);
});

Deno.test("YamlEditor removes keys, the last one with an empty file left", () => {
  const editor = new YamlEditor(KEPT, "f");
  editor.remove(["unknown"]);
  editor.remove(["not there"]);
  assertEquals(editor.toString().includes("unknown"), false);
  const last = new YamlEditor("a: 1\n", "f");
  last.remove(["a"]);
  assertEquals(["{}\n", ""].includes(last.toString()), true);
});

Deno.test("YamlEditor puts in and takes out a top-level key and changes no other byte", () => {
  for (const text of [KEPT, KEPT.replaceAll("\n", "\r\n"), KEPT.trimEnd()]) {
    const added = new YamlEditor(text, "f");
    added.set(["block"], { a: 1, b: { c: new Quoted("x") } });
    added.set(["last"], "other");
    const newline = text.includes("\r\n") ? "\r\n" : "\n";
    const after = added.toString();
    const block = ["block:", "  a: 1", "  b:", '    c: "x"', ""].join(newline);
    const changed = text.replace("last: plain", "last: other");
    assertEquals(after, changed.endsWith("\n") ? changed + block : changed + newline + block);
    const replaced = new YamlEditor(after, "f");
    replaced.set(["block"], { d: 2 });
    assertEquals(replaced.toString(), after.replace(block, `block:${newline}  d: 2${newline}`));
    const removed = new YamlEditor(after, "f");
    removed.remove(["block"]);
    assertEquals(removed.toString().trimEnd(), changed.trimEnd());
  }
});

Deno.test("YamlEditor falls back to the document when changes touch each other", () => {
  const editor = new YamlEditor("a:\n  b: 1\nc: 2\n", "f");
  editor.set(["a", "b"], "x");
  editor.set(["a"], { d: 3 });
  editor.set(["e"], 4);
  editor.set(["f"], 5);
  assertEquals(editor.toString(), "a:\n  d: 3\nc: 2\ne: 4\nf: 5\n");
});

Deno.test("YamlEditor adds to a file that is indented as a whole", async () => {
  const editor = new YamlEditor("  a: 1\n  b: 2\n", "f");
  editor.set(["c"], 3);
  assertEquals(await readYaml(editor.toString(), "f"), { a: "1", b: "2", c: "3" });
});

Deno.test("YamlEditor keeps the spacing of flow collections when it writes anew", () => {
  for (const flow of ["{ x: 1 }", "{x: 1}"]) {
    const editor = new YamlEditor(`a: ${flow}\nb:\n  c: 1\n`, "f");
    editor.set(["b", "d"], "2a");
    assertStringIncludes(editor.toString(), `a: ${flow}\n`);
  }
});

Deno.test("YamlEditor writes into an empty file", () => {
  const editor = new YamlEditor("", "f");
  editor.set(["a", "b"], "text");
  editor.set(["a", "c"], 7);
  assertEquals(editor.toString(), "a:\n  b: text\n  c: 7\n");
});

for (
  const value of ["true", "null", "123", "1e3", "0x1F", "~", "", " a", "a: b", "- a", "#a", "yes"]
) {
  Deno.test(`YamlEditor quotes ${JSON.stringify(value)}, which others would misread`, () => {
    const editor = new YamlEditor("", "f");
    editor.set(["key"], value);
    assertEquals(editor.toString(), `key: ${JSON.stringify(value)}\n`);
  });
}

Deno.test("YamlEditor keeps JSON a JSON", async () => {
  const text = '{\n  "auths": {\n    "host": { "auth": "old" }\n  }\n}\n';
  const editor = new YamlEditor(text, "f");
  editor.set(["auths", "host", "auth"], new Quoted("new"));
  assertEquals(JSON.parse(editor.toString()), { auths: { host: { auth: "new" } } });
  assertEquals(await readYaml(editor.toString(), "f"), { auths: { host: { auth: "new" } } });
});

Deno.test("YamlEditor tells where a value stands", () => {
  const editor = new YamlEditor(KEPT, "f");
  assertEquals(editor.positionOf(["list", "1", "other"]), "line 6, column 30");
  assertEquals(editor.positionOf(["none"]), "line 1, column 1");
});

for (let seed = 1; seed <= 40; seed++) {
  Deno.test(`replacing one scalar of a random document changes nothing else (seed ${seed})`, async () => {
    const random = new SeededRandom(seed);
    const text = randomDocument(random);
    const before = await readYaml(text, "f");
    const scalars = [...scalarsOf(before)].filter((scalar) => scalar.text !== "");
    const picked = scalars[random.below(scalars.length)];
    if (picked === undefined) throw new Error("a document without a scalar");
    const editor = new YamlEditor(text, "f");
    editor.set(picked.path, new Quoted("REPLACED"));
    const after = editor.toString();
    const [head = "", tail = ""] = after.split('"REPLACED"');
    assertEquals(text.startsWith(head) && text.endsWith(tail), true);
    assertEquals(valueAt(await readYaml(after, "f"), picked.path), "REPLACED");
    const others = [...scalarsOf(await readYaml(after, "f"))]
      .filter(({ path }) => formatPointer(path) !== formatPointer(picked.path));
    assertEquals(
      others,
      [...scalarsOf(before)]
        .filter(({ path }) => formatPointer(path) !== formatPointer(picked.path)),
    );
  });
}

/** Nested mappings and lists with comments, blank lines and every kind of one-line scalar. */
function randomDocument(random: SeededRandom): string {
  const scalar = () =>
    ["plain", "'single'", '"double \\u00e9"', "12", "true", "a b c", "http://x:1/y"][
      random.below(7)
    ] ?? "x";
  const lines: string[] = [];
  const mapping = (depth: number) => {
    const indent = "  ".repeat(depth);
    const count = 1 + random.below(3);
    for (let at = 0; at < count; at++) {
      if (random.below(4) === 0) lines.push(`${indent}# comment ${at}`);
      if (random.below(5) === 0) lines.push("");
      const key = random.below(4) === 0 ? `"key ${at}"` : `key${at}`;
      const choice = depth < 3 ? random.below(5) : 0;
      const remark = random.below(3) === 0 ? "  # remark" : "";
      if (choice === 1) {
        lines.push(`${indent}${key}:${remark}`);
        mapping(depth + 1);
      } else if (choice === 2) {
        lines.push(`${indent}${key}:`);
        lines.push(`${indent}  - ${scalar()}${remark}`, `${indent}  - ${scalar()}`);
      } else if (choice === 3) lines.push(`${indent}${key}: {a: ${scalar()}, b: 'x'}${remark}`);
      else lines.push(`${indent}${key}: ${scalar()}${remark}`);
    }
  };
  mapping(0);
  return lines.join(random.below(4) === 0 ? "\r\n" : "\n") + "\n";
}

Deno.test("applySplices() replaces pieces in any order", () => {
  assertEquals(
    applySplices("0123456789", [{ from: 7, to: 9, text: "B" }, { from: 0, to: 2, text: "A" }]),
    "A23456B9",
  );
});

/** RFC 6901, section 5. */
const RFC_POINTERS: [string, string[]][] = [
  ["", []],
  ["/foo", ["foo"]],
  ["/foo/0", ["foo", "0"]],
  ["/", [""]],
  ["/a~1b", ["a/b"]],
  ["/c%d", ["c%d"]],
  ["/i\\j", ["i\\j"]],
  ['/k"l', ['k"l']],
  ["/ ", [" "]],
  ["/m~0n", ["m~n"]],
  ["/~01", ["~1"]],
];

for (const [pointer, path] of RFC_POINTERS) {
  Deno.test(`the pointer "${pointer}" is read and written as RFC 6901 says`, () => {
    assertEquals(parsePointer(pointer), path);
    assertEquals(formatPointer(path), pointer);
  });
}

for (const pointer of ["foo", "/~", "/~2", "/a~"]) {
  Deno.test(`"${pointer}" is no pointer`, () => {
    assertEquals(parsePointer(pointer), null);
  });
}

Deno.test("valueAt() follows keys and canonical indices only", () => {
  const root = { a: ["x", { b: "y" }], toString: "own" };
  assertEquals(valueAt(root, ["a", "1", "b"]), "y");
  for (const path of [["a", "01"], ["a", "-1"], ["a", "2"], ["a", "0", "x"], ["constructor"]]) {
    assertEquals(valueAt(root, path), undefined);
  }
});
