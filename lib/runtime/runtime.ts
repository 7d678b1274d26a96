import type { Clock } from "./clock.ts";
import type { Crypto } from "./crypto.ts";
import type { Environment } from "./environment.ts";
import type { Exec } from "./exec.ts";
import type { Files } from "./files.ts";
import type { OpenTransport } from "./http.ts";
import type { Serve } from "./http_server.ts";
import type { Platform } from "./platform.ts";
import type { Prompter } from "./prompter.ts";
import type { Signals } from "./signals.ts";
import type { Streams } from "./streams.ts";

/** Everything outside the program; each part takes the slice it uses. */
export interface Runtime {
  clock: Clock;
  crypto: Crypto;
  env: Environment;
  exec: Exec;
  files: Files;
  openTransport: OpenTransport;
  platform: Platform;
  prompter: Prompter;
  serve: Serve;
  signals: Signals;
  streams: Streams;
}
