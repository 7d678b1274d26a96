import { assertEquals } from "@std/assert";
import { escapeLine, escapeText, inline, quoted } from "../../scripts/roff.ts";

Deno.test("escapeText() takes the meaning from every special character", () => {
  assertEquals(
    escapeText("--a 'b' `c` \\n \"d\" ^~ ü 💡"),
    [
      "\\-\\-a \\(aqb\\(aq \\(gac\\(ga \\en \\(dqd\\(dq \\(ha\\(ti \\[u00FC] \\[u1F4A1]",
    ].join(""),
  );
});

Deno.test("escapeLine() makes no request of a line that starts like one", () => {
  assertEquals(escapeLine(".items[]"), "\\&.items[]");
  assertEquals(escapeLine("'x'"), "\\(aqx\\(aq");
  assertEquals(escapeLine("  x"), "\\&  x");
  assertEquals(escapeLine("a.b"), "a.b");
});

Deno.test("inline() prints code in bold, from the first character on", () => {
  assertEquals(inline("`.x`: as `--wait`"), "\\fB.x\\fR: as \\fB\\-\\-wait\\fR");
  assertEquals(inline(".x"), "\\&.x");
});

Deno.test("quoted() keeps quotes within an argument", () => {
  assertEquals(quoted('a "b"'), '"a \\(dqb\\(dq"');
});
