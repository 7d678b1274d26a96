import { assertEquals } from "@std/assert";
import { commandsBelow, describeProgram, explain, partsOf } from "../../scripts/describe.ts";

Deno.test("explain() takes a description apart", () => {
  assertEquals(explain({ description: "Cores; 4 by default." }), {
    meaning: "Cores.",
    fallback: "4",
    variable: "",
  });
  assertEquals(explain({ description: "Folder; ~/.x by default, - for stdout (env PALETTE_X)." }), {
    meaning: "Folder, - for stdout.",
    fallback: "~/.x",
    variable: "PALETTE_X",
  });
  assertEquals(explain({ description: "Shape: table (default) or json." }), {
    meaning: "Shape: table (default) or json.",
    fallback: "table",
    variable: "",
  });
  assertEquals(explain({ description: "Wait." }), {
    meaning: "Wait.",
    fallback: "",
    variable: "",
  });
});

Deno.test("partsOf() keeps indented lines apart from paragraphs", () => {
  assertEquals(partsOf("One\ntwo.\n\n  a\n  b\n\nThree."), [
    { kind: "text", text: "One\ntwo." },
    { kind: "block", text: "a\nb" },
    { kind: "text", text: "Three." },
  ]);
});

Deno.test("a flag is described with all that it takes and goes with", async () => {
  const program = await describeProgram();
  const commands = [...commandsBelow(program)];
  const create = commands.find(({ words }) => words.join(" ") === "pde registry create oci");
  const timeout = create?.flags.find(({ names }) => names.includes("--timeout"));
  assertEquals(timeout, {
    names: ["--timeout"],
    placeholder: "time",
    takes: "time, as in `90s`, `15m` or `1h30m`",
    isRepeatable: false,
    meaning: "How long --wait waits at most.",
    fallback: "15m",
    variable: "",
    needs: ["--wait"],
    excludes: [],
  });
  assertEquals(program.words, []);
  assertEquals(commands.some(({ words }) => words[0] === "completions"), false);
});
