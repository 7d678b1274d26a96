import { systemClock } from "./clock.ts";
import { systemCrypto } from "./crypto.ts";
import { systemEnvironment } from "./environment.ts";
import { systemExec } from "./exec.ts";
import { systemFiles } from "./files.ts";
import { openSystemTransport } from "./http.ts";
import { systemPlatform } from "./platform.ts";
import { systemPrompter } from "./prompter.ts";
import type { Runtime } from "./runtime.ts";
import { systemSignals } from "./signals.ts";
import { systemStreams } from "./streams.ts";

/** The real thing. */
export function systemRuntime(): Runtime {
  const env = systemEnvironment();
  return {
    clock: systemClock(),
    crypto: systemCrypto(),
    env,
    exec: systemExec(env),
    files: systemFiles(),
    openTransport: openSystemTransport,
    platform: systemPlatform(),
    prompter: systemPrompter(),
    serve: async (options, answer) => {
      const { serveHttp } = await import("./http_server.ts");
      return await serveHttp(options, answer);
    },
    signals: systemSignals(),
    streams: systemStreams(),
  };
}
