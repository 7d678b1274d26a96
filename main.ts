/**
 * Entry of the program. It imports nothing before it knows that it has to: a lone `version` is
 * answered at once, and so is a lone `--help` in the bundle, where it is ready made.
 */

if (!await answerAtOnce()) {
  const [{ run }, { systemRuntime }] = await Promise.all([
    import("./lib/cli.ts"),
    import("./lib/runtime/system.ts"),
  ]);
  const status = await run(Deno.args, systemRuntime());
  // A stopped run may leave a question unanswered, which would hold the process; any other ends by
  // itself, so that Deno gets to keep its compiled code for the next start.
  if (status >= 128) Deno.exit(status);
  Deno.exitCode = status;
}

async function answerAtOnce(): Promise<boolean> {
  const [first = "--help", second] = Deno.args;
  if (second !== undefined) return false;
  let text: string | null = null;
  if ((first === "version" || first === "--version") && !Deno.env.get("PALETTE_FORMAT")) {
    const { VERSION } = await import("./lib/version.ts");
    text = `Palette CLI version: ${VERSION}\n`;
  } else if (first === "help" || first === "--help" || first === "-h") {
    const { rootHelp } = await import("./lib/root_help.ts");
    const isPlain = Deno.env.get("NO_COLOR") || Deno.env.get("TERM") === "dumb";
    text = rootHelp(Deno.stdout.isTerminal() && !isPlain);
  }
  if (text !== null) Deno.stdout.writeSync(new TextEncoder().encode(text));
  return text !== null;
}
