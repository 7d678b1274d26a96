/** `content serve` in this process, as long as a test needs it. */

import type { StopSignal } from "../../lib/runtime/signals.ts";
import type { Home, RunResult } from "./home.ts";

/** A port that nobody listened on a moment ago. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

/** Serves while `work` runs, then stops it by a signal; gives how it ended. */
export async function serving(
  { home, file }: { home: Home; file: string },
  args: string[],
  work: (host: string) => Promise<void>,
  signal: StopSignal = "SIGTERM",
): Promise<RunResult> {
  const port = freePort();
  const host = `127.0.0.1:${port}`;
  let stop: (signal: StopSignal) => void = () => {};
  const running = home.run(
    ["content", "serve", "--bundle", file, "--port", String(port), ...args],
    { onSignals: (give) => stop = give },
  );
  let ended: RunResult | null = null;
  running.then((result) => ended = result);
  for (;;) {
    if (ended !== null) throw new Error((ended as RunResult).stderr);
    try {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      connection.close();
      break;
    } catch (error) {
      if (error instanceof Deno.errors.BadResource) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  try {
    await work(host);
  } finally {
    stop(signal);
  }
  return await running;
}
