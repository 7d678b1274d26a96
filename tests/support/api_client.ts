import { PaletteClient } from "../../lib/api/client.ts";
import { RateLimit } from "../../lib/api/rate_limit.ts";
import { systemFiles } from "../../lib/runtime/files.ts";
import { type HttpTransport, openSystemTransport } from "../../lib/runtime/http.ts";
import { Log } from "../../lib/runtime/log.ts";
import { Redactor } from "../../lib/runtime/redactor.ts";
import { Secret } from "../../lib/secrets/secret.ts";
import { FakeClock } from "./fake_clock.ts";
import { ADMIN_KEY } from "./palette/state.ts";

export interface TestClientOptions {
  apiKey?: string;
  project?: { name: string; uid: string } | null;
  timeoutMs?: number;
  transport?: HttpTransport;
  signal?: AbortSignal;
  insecure?: boolean;
  caCertificates?: string[];
}

/** A client with real connections, a clock that does not wait, and no luck in its pauses. */
export async function testClient(url: string, options: TestClientOptions = {}) {
  const { insecure = false, caCertificates = [] } = options;
  const transport = options.transport ?? await openSystemTransport({ insecure, caCertificates });
  const clock = new FakeClock();
  const log = new Log({ files: systemFiles(), clock, redactor: new Redactor(), level: "trace" });
  const client = new PaletteClient(
    {
      endpoint: new URL(url),
      apiKey: () => Promise.resolve(new Secret(options.apiKey ?? ADMIN_KEY)),
      project: options.project ?? null,
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    },
    {
      transport,
      clock,
      rateLimit: new RateLimit(clock),
      log,
      random: () => 0.5,
      signal: options.signal ?? new AbortController().signal,
    },
  );
  return { client, clock, [Symbol.dispose]: () => client.close() };
}
