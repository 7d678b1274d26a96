import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Home, PASSPHRASE } from "../support/home.ts";
import { startFakePalette } from "../support/palette/fake_palette.ts";
import { ADMIN_KEY, DEV_PROJECT } from "../support/palette/state.ts";
import { hasProgram } from "../support/programs.ts";
import { Terminal } from "../support/terminal.ts";

const ignore = !hasProgram("tmux");

Deno.test({
  name: "login asks in a real terminal, in order, and shows no secret (needs tmux)",
  ignore,
  async fn() {
    await using palette = await startFakePalette();
    palette.state.tenant.banner = { isEnabled: true, title: "Notice", message: "Be careful" };
    for (const user of palette.state.users) user.organizations = ["demo-org", "other-org"];
    await using home = await Home.make();
    await using terminal = await Terminal.palette(["login"], { HOME: home.root });
    await terminal.waitFor("Encryption passphrase");
    await terminal.type(PASSPHRASE);
    await terminal.press("Enter");
    await terminal.waitFor("Encryption passphrase (again)");
    await terminal.type(PASSPHRASE);
    await terminal.press("Enter");
    await terminal.waitFor("Spectro Cloud Console");
    await terminal.type(palette.url);
    await terminal.press("Enter");
    await terminal.waitFor("Allow Insecure Connection");
    await terminal.press("Enter");
    await terminal.waitFor("Spectro Cloud API Key");
    await terminal.type(ADMIN_KEY);
    await terminal.press("Enter");
    await terminal.waitFor("Spectro Cloud Organization");
    await terminal.press("Enter");
    await terminal.waitFor("Spectro Cloud Project");
    await terminal.press("Down", "Down", "Enter");
    await terminal.waitFor("Be careful");
    await terminal.waitFor("Acknowledge");
    await terminal.type("y");
    await terminal.press("Enter");
    const screen = await terminal.waitFor("Welcome to Spectro Cloud Palette");
    assertEquals(await terminal.status(), 0);
    assertEquals(screen.includes(PASSPHRASE), false);
    assertEquals(screen.includes(ADMIN_KEY), false);
    const labels = [
      "Encryption passphrase",
      "Encryption passphrase (again)",
      "Spectro Cloud Console",
      "Allow Insecure Connection",
      "Spectro Cloud API Key",
      "Spectro Cloud Organization",
      "Spectro Cloud Project",
      "Be careful",
      "Acknowledge",
      "Welcome",
    ].map((label) => screen.indexOf(label));
    assertEquals(labels, [...labels].sort((a, b) => a - b));
    assertMatch(await home.config(), /projectName: dev-team/);
  },
});

Deno.test({
  name: "Ctrl+C at a masked question ends with 130 and leaves a usable terminal (needs tmux)",
  ignore,
  async fn() {
    await using home = await Home.make();
    await using terminal = await Terminal.palette(["login"], { HOME: home.root });
    await terminal.waitFor("Encryption passphrase");
    await terminal.type("half a secr");
    await terminal.press("C-c");
    assertEquals(await terminal.status(), 130);
    assertEquals((await terminal.screen()).includes("secr"), false);
    assertEquals(await home.files(), []);
  },
});

Deno.test({
  name: "Ctrl+D at a question ends with 1 and says so (needs tmux)",
  ignore,
  async fn() {
    await using home = await Home.make();
    await using terminal = await Terminal.palette(["login"], { HOME: home.root });
    await terminal.waitFor("Encryption passphrase");
    await terminal.type("half a secr");
    await terminal.press("C-d");
    assertEquals(await terminal.status(), 1);
    const screen = await terminal.screen();
    assertMatch(screen, /^Error: the input ended before the question was answered$/m);
    assertEquals(screen.includes("secr"), false);
    assertEquals(await home.files(), []);
  },
});

Deno.test({
  name: "a question ends with 1 when its terminal is taken away (needs tmux)",
  ignore,
  async fn() {
    await using home = await Home.make();
    await using terminal = await Terminal.palette(["login", "--log-file", `${home.root}/log`], {
      HOME: home.root,
    });
    await terminal.waitFor("Encryption passphrase");
    assertEquals(await terminal.hangUp(), 1);
    assertStringIncludes(
      await Deno.readTextFile(`${home.root}/log`),
      "The input ended before the question was answered",
    );
    assertEquals(await home.files(), ["log"]);
  },
});

Deno.test({
  name: "project switch shows a list with the active project chosen (needs tmux)",
  ignore,
  async fn() {
    await using palette = await startFakePalette();
    await using home = await Home.make();
    await home.seed({ endpoint: palette.url, project: DEV_PROJECT });
    await using terminal = await Terminal.palette(["project", "switch"], {
      HOME: home.root,
      PALETTE_ENCRYPTION_PASSWORD: PASSPHRASE,
    });
    await terminal.waitFor("Spectro Cloud Project");
    await terminal.press("Down", "Enter");
    assertStringIncludes(
      await terminal.waitFor("Switched to project"),
      "Switched to project staging",
    );
    assertEquals(await terminal.status(), 0);
  },
});

Deno.test({
  name: "a weak passphrase is told why, and asked for again (needs tmux)",
  ignore,
  async fn() {
    await using home = await Home.make();
    await using terminal = await Terminal.palette(["login"], { HOME: home.root });
    await terminal.waitFor("Encryption passphrase");
    await terminal.type("weak");
    await terminal.press("Enter");
    await terminal.waitFor("at least 8 characters");
    await terminal.press("C-c");
    assertEquals(await terminal.status(), 130);
  },
});
