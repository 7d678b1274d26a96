import { assertEquals, assertStringIncludes } from "@std/assert";
import { commandsBelow, describeProgram } from "../../scripts/describe.ts";
import { makeManual, writeManual } from "../../scripts/manual.ts";
import { VERSION } from "../../lib/version.ts";
import { hasProgram, runProgram } from "../support/programs.ts";
import { inTempFolder, namesIn } from "../support/temp_folder.ts";

const pages = await makeManual("2024-02-29");
const texts = new Map(pages.map(({ name, text }) => [name, text]));
/** Widest that a word of the manual is. */
const WIDTH = 100;

Deno.test("the page of a command says all there is to say", () => {
  const text = texts.get("palette-pde-quota.1") ?? "";
  const global = text.indexOf(".SS Global options");
  assertEquals(
    text.slice(0, global),
    `.\\" Written by scripts/manual.ts out of the command tree
.TH "PALETTE\\-PDE\\-QUOTA" "1" "2024\\-02\\-29" "palette ${VERSION}" "Palette CLI"
.nh
.ad l
.SH "NAME"
palette\\-pde\\-quota \\- Show what is left of your quota for virtual clusters, in the system\\(aqs and in the tenant\\(aqs cluster groups
.SH "SYNOPSIS"
.B palette pde quota
[\\fIflags\\fR]
.SH "DESCRIPTION"
Show what is left of your quota for virtual clusters, in the system\\(aqs and in the tenant\\(aqs cluster groups.
.SH "OPTIONS"
.TP
\\fB\\-o\\fR, \\fB\\-\\-format\\fR \\fIformat\\fR
Shape of the result: table (default), json or yaml.
Default: table.
Variable: \\fBPALETTE_FORMAT\\fR.
.TP
\\fB\\-k\\fR, \\fB\\-\\-encryption\\-passphrase\\fR \\fIpassphrase\\fR
Passphrase of the encrypted values; other users can see it.
Variable: \\fBPALETTE_ENCRYPTION_PASSWORD\\fR.
.TP
\\fB\\-\\-encryption\\-passphrase\\-file\\fR \\fIfile\\fR
File with the passphrase, \\- for stdin.
Variable: \\fBPALETTE_ENCRYPTION_PASSWORD_FILE\\fR.
.TP
\\fB\\-\\-encryption\\-passphrase\\-command\\fR \\fIcommand\\fR
Command that prints the passphrase; run without a shell.
.TP
\\fB\\-\\-scope\\fR \\fIscope\\fR
Of these cluster groups alone: system or tenant.
`,
  );
  assertEquals(
    text.slice(text.indexOf('.SH "EXIT STATUS"')),
    `.SH "EXIT STATUS"
.TP
.B 0
Done.
.TP
.B 1
Failed.
.TP
.B 130
Interrupted.
.TP
.B 143
Terminated.
.SH "EXAMPLES"
.PP
Whether another cluster of 4 cores fits:
.PP
.RS 4
.EX
palette pde quota \\-\\-scope system \\-o json | jq \\-e \\(aq.items[] | select(.resource == \\(dqcpu\\(dq).left >= 4\\(aq
.EE
.RE
.SH "SEE ALSO"
.BR palette (1),
.BR palette\\-pde (1),
.BR palette\\-pde\\-app (1),
.BR palette\\-pde\\-app\\-profile (1),
.BR palette\\-pde\\-cluster\\-group (1),
.BR palette\\-pde\\-registry (1),
.BR palette\\-pde\\-virtual\\-cluster (1)
`,
  );
});

Deno.test("every page has its sections, in the order of manuals", () => {
  for (const { name, text } of pages) {
    const sections = [...text.matchAll(/^\.SH "(.+)"$/gm)].map(([, heading = ""]) => heading);
    const optional = ["COMMANDS", "ARGUMENTS"];
    const isGroup = sections.includes("COMMANDS");
    assertEquals(sections.filter((heading) => !optional.includes(heading)), [
      "NAME",
      "SYNOPSIS",
      "DESCRIPTION",
      "OPTIONS",
      "ENVIRONMENT",
      "EXIT STATUS",
      ...(isGroup && name !== "palette.1" ? [] : ["EXAMPLES"]),
      "SEE ALSO",
    ], name);
  }
});

Deno.test("every command that is not hidden has a page, and pages refer to pages", async () => {
  const commands = [...commandsBelow(await describeProgram())];
  assertEquals(pages.map(({ name }) => name), [
    "palette.1",
    ...commands.map(({ words }) => `palette-${words.join("-")}.1`),
  ]);
  for (const { name, text } of pages) {
    const targets = [...text.matchAll(/^\.BR (\S+) \(1\)/gm)]
      .map(([, target = ""]) => `${target.replaceAll("\\-", "-")}.1`);
    assertEquals(targets.filter((target) => !texts.has(target)), [], name);
    assertEquals(targets.includes(name), false, name);
  }
});

Deno.test("a command that checks names the status of a negative verdict", () => {
  assertStringIncludes(
    texts.get("palette-config-verify.1") ?? "",
    ".TP\n.B 2\nThe check found something bad.\n",
  );
});

Deno.test("values, limits, arguments and blocks have their place", () => {
  const create = texts.get("palette-pde-registry-create-oci.1") ?? "";
  assertStringIncludes(
    create,
    "How long \\-\\-wait waits at most.\n" +
      "Value: time, as in \\fB90s\\fR, \\fB15m\\fR or \\fB1h30m\\fR.\n" +
      "Default: 15m.\nNeeds \\fB\\-\\-wait\\fR.\n",
  );
  const completion = texts.get("palette-completion.1") ?? "";
  assertStringIncludes(completion, ".EX\nbash        source <(palette completion bash)\n");
  assertStringIncludes(completion, ".B palette completion\n\\fIshell\\fR\n[\\fIflags\\fR]\n");
});

Deno.test("no line of text is a request, and only the macros of manuals are", () => {
  const known = [
    '\\"',
    "TH",
    "nh",
    "ad",
    "SH",
    "SS",
    "TP",
    "PP",
    "B",
    "BR",
    "I",
    "RS",
    "RE",
    "EX",
    "EE",
  ];
  for (const { name, text } of pages) {
    for (const [, request = ""] of text.matchAll(/^[.']\s*(\\"|\S+)?/gm)) {
      assertEquals(known.includes(request), true, `${name}: ${request}`);
    }
  }
});

Deno.test({
  name: "groff and man print every page without a warning (needs groff and man)",
  ignore: !hasProgram("groff") || !hasProgram("man"),
  async fn() {
    await inTempFolder(async (folder) => {
      await writeManual(`${folder}/man1`);
      const files = namesIn(`${folder}/man1`).map((name) => `${folder}/man1/${name}`);
      for (const device of ["utf8", "ascii"]) {
        const args = ["-man", "-ww", "-z", `-T${device}`, `-rLL=${WIDTH}n`, ...files];
        assertEquals(await runProgram("groff", args), { status: 0, stdout: "", stderr: "" });
      }
      const result = await runProgram(
        "man",
        ["--warnings", "-E", "UTF-8", "-l", `${folder}/man1/palette-pde-quota.1`],
        { MANWIDTH: String(WIDTH), LC_ALL: "C.UTF-8" },
      );
      assertEquals([result.status, result.stderr], [0, ""]);
      // What is copied out of a page is what a shell takes.
      assertStringIncludes(
        result.stdout,
        `palette pde quota --scope system -o json | jq -e '.items[] | ` +
          `select(.resource == "cpu").left >= 4'\n`,
      );
      assertStringIncludes(result.stdout, "       --encryption-passphrase-file file\n");
    });
  },
});

Deno.test("writeManual() takes away pages of commands that are no more, and nothing else", async () => {
  await inTempFolder(async (folder) => {
    for (const name of ["palette-gone.1", "palette-gone.1.gz", "other.1"]) {
      await Deno.writeTextFile(`${folder}/${name}`, name);
    }
    await writeManual(folder);
    const names = [...pages.map(({ name }) => name), "other.1", "palette-gone.1.gz"].sort();
    assertEquals(namesIn(folder), names);
  });
});

Deno.test("the day of a page is that of the build, else there is none", async () => {
  await inTempFolder(async (folder) => {
    const header = async (epoch: string) => {
      await writeManual(folder, epoch);
      return (await Deno.readTextFile(`${folder}/palette.1`)).split("\n")[1];
    };
    const end = `"palette ${VERSION}" "Palette CLI"`;
    assertEquals(await header("1700000000"), `.TH "PALETTE" "1" "2023\\-11\\-14" ${end}`);
    assertEquals(await header(""), `.TH "PALETTE" "1" "" ${end}`);
    assertEquals(await header("yesterday"), `.TH "PALETTE" "1" "" ${end}`);
  });
});
