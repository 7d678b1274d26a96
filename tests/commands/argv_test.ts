import { assertEquals, assertThrows } from "@std/assert";
import { commandWords, normalizeArgv, spellOutFlags } from "../../lib/commands/argv.ts";
import { isNear, nearNames } from "../../lib/commands/names.ts";
import { UserError } from "../../lib/errors.ts";

const NORMAL: [string[], string[]][] = [
  [["version"], ["version"]],
  [["--version"], ["version"]],
  [["-V", "-q"], ["version", "-q"]],
  [["help"], ["--help"]],
  [["help", "a", "b"], ["a", "b", "--help"]],
  [["-w", "help", "a"], ["-w", "help", "a"]],
  [["a", "--name", "--help"], ["a", "--help"]],
  [["a", "--", "--help"], ["a", "--", "--help"]],
  [["-o", "json", "a", "-h"], ["a", "--help"]],
];

for (const [given, wanted] of NORMAL) {
  Deno.test(`normalizeArgv() makes [${given}] into [${wanted}]`, () => {
    assertEquals(normalizeArgv(given), wanted);
  });
}

for (const given of [["--name="], ["--name", ""], ["a", ""], ["-k="]]) {
  Deno.test(`normalizeArgv() refuses the empty value in [${given}]`, () => {
    assertThrows(() => normalizeArgv(given), UserError);
  });
}

Deno.test("commandWords() skips global flags and their values", () => {
  assertEquals(commandWords(["-w", "x", "-q", "a", "b", "--c", "d"]), ["a", "b"]);
  assertEquals(commandWords(["--workspace=x", "a"]), ["a"]);
  assertEquals(commandWords([]), []);
});

const KINDS: Record<string, "switch" | "value"> = {
  "--on": "switch",
  "--off": "switch",
  "--tls": "switch",
  "--no-tls": "switch",
  "--export": "switch",
  "--export-file": "value",
  "-q": "switch",
  "--name": "value",
  "-o": "value",
};

for (
  const [title, given, wanted] of [
    ["values of switches", ["--on=true", "--off=false", "plain=true"], ["--on", "plain=true"]],
    ["a switch that is on by default", ["--tls=false", "--tls=true"], ["--no-tls", "--tls"]],
    ["a file of what is a switch today", ["--export=a=b.tgz", "--on=x"], [
      "--export-file",
      "a=b.tgz",
      "--on=x",
    ]],
    ["no value of a flag that takes one", ["--name=true"], ["--name=true"]],
    ["short flags with their value", ["-ojson", "-o=yaml", "-q"], [
      "-o",
      "json",
      "-o",
      "yaml",
      "-q",
    ]],
    ["no word that is a value", ["--name", "-ojson", "-x"], ["--name", "-ojson", "-x"]],
    ["nothing after --", ["-ojson", "--", "-ojson"], ["-o", "json", "--", "-ojson"]],
    ["no flag that nobody knows", ["-zjson", "--zz=true"], ["-zjson", "--zz=true"]],
  ] as const
) {
  Deno.test(`spellOutFlags() spells out ${title}`, () => {
    assertEquals(spellOutFlags(given, (flag) => KINDS[flag]), [...wanted]);
  });
}

Deno.test("nearNames() offers five at most, the nearest first", () => {
  const names = [
    "dev-team-7",
    "dev-team-1",
    "dev-team-2",
    "dev-team-3",
    "dev-team-4",
    "dev-team-5",
  ];
  assertEquals(nearNames("dev-team", names).split(",").length, 5);
  assertEquals(nearNames("dev-taem-7", ["prod", "dev-team-7"]), 'Did you mean "dev-team-7"?');
});

Deno.test("nearNames() shows what there is when nothing is near", () => {
  assertEquals(nearNames("zzzzzz", ["alpha", "beta"]), 'There are "alpha", "beta"');
  assertEquals(nearNames("zzzzzz", []), "There are none that you can see");
});

Deno.test("isNear() ignores case and forgives two letters", () => {
  assertEquals(isNear("LOGIN", "login"), true);
  assertEquals(isNear("lgn", "login"), true);
  assertEquals(isNear("xyzzy", "login"), false);
});
