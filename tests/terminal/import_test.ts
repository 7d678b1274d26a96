import { assertEquals, assertMatch } from "@std/assert";
import { kubeconfigFor, startApiServer } from "../support/api_server.ts";
import { Home, PASSPHRASE } from "../support/home.ts";
import { startFakePalette } from "../support/palette/fake_palette.ts";
import { DEV_PROJECT } from "../support/palette/state.ts";
import { hasProgram } from "../support/programs.ts";
import { Terminal } from "../support/terminal.ts";

Deno.test({
  name:
    "Ctrl+C at a terminal hits kubectl, too: the cluster is taken out again (needs tmux and kubectl)",
  ignore: !hasProgram("tmux") || !hasProgram("kubectl"),
  async fn() {
    await using palette = await startFakePalette();
    palette.state.importing.looks = 0;
    await using server = await startApiServer();
    await using home = await Home.make();
    await home.seed({ endpoint: palette.url, project: DEV_PROJECT });
    const path = `${home.root}/edge.kubeconfig`;
    await Deno.writeTextFile(path, kubeconfigFor(server.url));
    const applying = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    server.onCreate = () => {
      applying.resolve();
      return release.promise;
    };
    await using terminal = await Terminal.palette(["import", "--kubeconfig", path], {
      HOME: home.root,
      PALETTE_ENCRYPTION_PASSWORD: PASSPHRASE,
    });
    await Promise.race([applying.promise, terminal.status()]);
    await terminal.press("C-c");
    const status = await terminal.status();
    release.resolve();
    const screen = (await terminal.screen()).replace(/\s+/g, " ");
    assertEquals(status, 130, screen);
    assertMatch(screen, /Note: stopped; taking cluster "legacy" \([0-9a-f]{24}\) out of Palette/);
    assertMatch(screen, /stopped before cluster "legacy" was imported; "legacy" was taken out/);
    assertEquals(palette.state.clusters[0]?.states[0], "Deleting");
  },
});
