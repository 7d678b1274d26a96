/**
 * Entry of the program. It imports nothing before it knows that it has to: `version` alone is
 * answered at once.
 */

const [first] = Deno.args;
const isLoneVersion = Deno.args.length === 1 && (first === "version" || first === "--version");

if (isLoneVersion && !Deno.env.get("PALETTE_FORMAT")) {
  const { VERSION } = await import("./lib/version.ts");
  Deno.stdout.writeSync(new TextEncoder().encode(`Palette CLI version: ${VERSION}\n`));
} else {
  const [{ run }, { systemRuntime }] = await Promise.all([
    import("./lib/cli.ts"),
    import("./lib/runtime/system.ts"),
  ]);
  Deno.exit(await run(Deno.args, systemRuntime()));
}
