import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import { TARGETS } from "../../../scripts/portable/target.ts";
import { parseReleaseArguments } from "../../../scripts/release/command_line.ts";

Deno.test("parseReleaseArguments() reads what a release is asked for", () => {
  assertEquals(parseReleaseArguments(["--version", "v1.2.3"]), {
    version: "1.2.3",
    isDryRun: false,
    keyFile: null,
    targets: TARGETS.map(({ name }) => name),
    hasExecutables: false,
    isChecked: true,
    output: null,
  });
  const words = "--dry-run --version=1.2.3 --key k.pem --target linux-x64 --target windows-x64 " +
    "--target=linux-x64 --executables --no-checks --output out";
  assertEquals(parseReleaseArguments(words.split(" ")), {
    version: "1.2.3",
    isDryRun: true,
    keyFile: "k.pem",
    targets: ["linux-x64", "windows-x64"],
    hasExecutables: true,
    isChecked: false,
    output: "out",
  });
  assertEquals(parseReleaseArguments(["--version", "1.2.3", "--help"]), null);
});

Deno.test("parseReleaseArguments() names what is wrong", () => {
  const messageOf = (...args: string[]) => {
    const error = assertThrows(() => parseReleaseArguments(args), UserError);
    assertEquals([error.code, error.hint === undefined], ["usage", false]);
    return error.message;
  };
  assertEquals(messageOf(), "--version is missing");
  assertEquals(messageOf("--version"), "--version needs a value");
  assertEquals(messageOf("--version", "1.0.0", "--version", "1.0.1"), "--version is given twice");
  assertEquals(messageOf("--version=1.0.0", "--dry"), 'There is no option "--dry"');
  assertEquals(messageOf("--dry-run=yes"), 'There is no option "--dry-run=yes"');
  assertEquals(messageOf("1.0.0"), 'There is no option "1.0.0"');
  assertEquals(
    messageOf("--version=1.0.0", "--target", "linux"),
    'There is no target "linux"',
  );
});
