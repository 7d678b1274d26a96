import { assertEquals, assertMatch } from "@std/assert";
import { runDemo, type ShownStep } from "../../scripts/demo.ts";
import { drawPicture, OUTPUT } from "../../scripts/picture.ts";
import { ADMIN_KEY } from "../support/palette/state.ts";

let shown: Promise<ShownStep[]> | undefined;

/** The steps of one run, made when a test first asks for them. */
function demo(): Promise<ShownStep[]> {
  return shown ??= (async () => {
    const steps: ShownStep[] = [];
    await runDemo((step) => steps.push(step));
    return steps;
  })();
}

Deno.test("the demo ends as it is planned, and shows nothing secret and nothing of this run", async () => {
  const text = (await demo()).map(({ command, output }) => `${command}\n${output}`).join("\n");
  for (const secret of [ADMIN_KEY, "Correct-Horse", "Battery-Staple", "/tmp/"]) {
    assertEquals(text.includes(secret), false, secret);
  }
  assertEquals(/127\.0\.0\.1:\d/.test(text), false);
});

Deno.test("the demo's logins name the console they go to", async () => {
  const logins = (await demo()).map(({ command }) => command).filter((command) =>
    / login\b/.test(command)
  );
  const to = "PALETTE_CONSOLE_URL=http://127.0.0.1:PORT";
  assertEquals(logins, [
    `${to} PALETTE_API_KEY=not-a-key palette login --project dev-team`,
    `${to} PALETTE_API_KEY=*** palette login --project dev-team`,
    `${to} PALETTE_API_KEY=*** palette login --project staging`,
  ]);
});

Deno.test("the demo ends with the key on the disk, which is ciphertext", async () => {
  const { command, output } = (await demo()).at(-1) ?? { command: "", output: "" };
  assertEquals(command, "grep apikey .palette/palette.yaml");
  assertMatch(
    output,
    /^ {4}apikey: "enc:v1:[\w-]{60,}"\n {4}\/paletteConfig\/mgmt\/apikey: "http:\/\/127\.0\.0\.1:PORT"\n$/,
  );
});

Deno.test("the README's picture is what the demo shows; deno task picture draws it anew", async () => {
  assertEquals(
    drawPicture(await demo()),
    await Deno.readTextFile(new URL(`../../${OUTPUT}`, import.meta.url)),
  );
});
