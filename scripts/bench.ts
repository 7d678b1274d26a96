/**
 * Whole processes as ratios to something timed in the same run, so that they mean the same on any
 * machine. Ends with 1 when one is above its limit.
 */

import { type FakePalette, startFakePalette } from "../tests/support/palette/fake_palette.ts";
import { ADMIN_KEY, DEV_PROJECT, runningCluster } from "../tests/support/palette/state.ts";
import { bundle } from "./bundle.ts";

const ROUNDS = 25;
const PASSPHRASE = "Correct-Horse-9";
const ITERATIONS = 1_000_000;
const MEBIBYTE = 1024 * 1024;

/** Fetches every page of a search one after the other, and nothing else. */
const BARE_PAGES = `const [origin, key, project, body] = Deno.args;
let next = "";
do {
  const query = next === "" ? "limit=50" : \`limit=50&continue=\${next}\`;
  const response = await fetch(\`\${origin}/v1/dashboard/spectroclusters/search?\${query}\`, {
    method: "POST",
    headers: { ApiKey: key, ProjectUid: project, "content-type": "application/json" },
    body,
  });
  next = (await response.json()).listmeta.continue;
} while (next !== "");
`;

interface Measure {
  name: string;
  value: string;
  limit: string;
  isWithin: boolean;
}

if (import.meta.main) {
  const folder = await Deno.makeTempDir({ prefix: "palette-bench-" });
  try {
    const measures = await measureAll(folder);
    const width = Math.max(...measures.map(({ name }) => name.length));
    for (const { name, value, limit, isWithin } of measures) {
      print(
        `${name.padEnd(width)}  ${value.padStart(9)}  limit ${limit}  ${
          isWithin ? "ok" : "ABOVE"
        }\n`,
      );
    }
    if (measures.some(({ isWithin }) => !isWithin)) Deno.exitCode = 1;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function measureAll(folder: string): Promise<Measure[]> {
  const palette = `${folder}/palette.js`;
  await bundle("", palette);
  await Deno.writeTextFile(`${folder}/empty.js`, "");
  await using server = await startFakePalette();
  const env = {
    PALETTE_ENCRYPTION_PASSWORD: PASSPHRASE,
    PALETTE_WORKSPACE: `${folder}/workspace`,
    CI: "true",
  };
  const login = { ...env, PALETTE_API_KEY: ADMIN_KEY, PALETTE_CONSOLE_URL: server.url };
  const loginBytes = await peakBytes([palette, "login", "--project", DEV_PROJECT.name], login);

  const listing = await measureListing(folder, palette, server);

  const commands: Record<string, string[]> = {
    empty: [`${folder}/empty.js`],
    version: [palette, "version"],
    help: [palette, "--help"],
    current: [palette, "project", "current"],
    names: [palette, "completions", "complete", "virtual-cluster"],
    verify: [palette, "config", "verify"],
  };
  const times = await medians(commands, env);
  const derivation = await deriveMs();
  const ratio = (name: string, limit: number): Measure => {
    const value = (times[name] ?? 0) / (times["empty"] ?? 1);
    return { name, value: value.toFixed(2), limit: limit.toFixed(2), isWithin: value <= limit };
  };
  const verifyLimit = 1.7 * (times["empty"] ?? 0) + 1.15 * derivation;
  const verify = (times["verify"] ?? 0) / verifyLimit;
  print(
    `empty script ${(times["empty"] ?? 0).toFixed(1)} ms, derivation ${derivation.toFixed(1)} ms\n`,
  );
  return [
    { ...ratio("version", 1.25), name: "version / empty script" },
    { ...ratio("help", 1.5), name: "--help / empty script" },
    { ...ratio("current", 1.7), name: "project current / empty script" },
    { ...ratio("names", 2), name: "completion of names, cached / empty script" },
    {
      name: "config verify / (1.7 empty + 1.15 derivation)",
      value: verify.toFixed(2),
      limit: "1.00",
      isWithin: verify <= 1,
    },
    memoryMeasure("login, peak memory", loginBytes, 120),
    ...listing,
  ];
}

/** 2 000 virtual clusters, which are 40 pages, against the same pages without us. */
async function measureListing(
  folder: string,
  palette: string,
  server: FakePalette,
): Promise<Measure[]> {
  server.state.clusters = Array.from({ length: 2_000 }, (_, at) => {
    const uid = at.toString(16).padStart(24, "0");
    return runningCluster(`cluster-${String(at).padStart(4, "0")}`, { uid });
  });
  const bare = `${folder}/pages.js`;
  await Deno.writeTextFile(bare, BARE_PAGES);
  const env = {
    PALETTE_API_KEY: ADMIN_KEY,
    PALETTE_CONSOLE_URL: server.url,
    PALETTE_PROJECT: DEV_PROJECT.name,
    CI: "true",
  };
  const list = [palette, "pde", "virtual-cluster", "list", "--format", "json"];
  const bytes = await peakBytes(list, env);
  const search = server.requests.find(({ path }) => path.endsWith("/spectroclusters/search"));
  const pages = [bare, server.url, ADMIN_KEY, DEV_PROJECT.uid, JSON.stringify(search?.body)];
  const times = await medians({ bare: pages, list }, env, 7);
  server.state.clusters = [];
  const ratio = (times["list"] ?? 0) / (times["bare"] ?? 1);
  return [
    {
      name: "virtual-cluster list of 2 000 / 40 bare fetches",
      value: ratio.toFixed(2),
      limit: "1.30",
      isWithin: ratio <= 1.3,
    },
    memoryMeasure("virtual-cluster list of 2 000, peak memory", bytes, 150),
  ];
}

/** @param bytes Null where the system does not tell. */
function memoryMeasure(name: string, bytes: number | null, limitMib: number): Measure {
  return {
    name,
    value: bytes === null ? "unknown" : `${(bytes / MEBIBYTE).toFixed(0)} MiB`,
    limit: `${limitMib} MiB`,
    isWithin: bytes === null || bytes <= limitMib * MEBIBYTE,
  };
}

/** Median time of each command in ms; rounds are interleaved, so that all see the same machine. */
async function medians(
  commands: Record<string, string[]>,
  env: Record<string, string>,
  rounds = ROUNDS,
): Promise<Record<string, number>> {
  const times: Record<string, number[]> = {};
  for (let round = -2; round < rounds; round++) {
    for (const [name, args] of Object.entries(commands)) {
      const start = performance.now();
      const { success, stderr } = await command(args, env).output();
      const time = performance.now() - start;
      if (!success) throw new Error(`${name}: ${new TextDecoder().decode(stderr)}`);
      // The first rounds fill caches.
      if (round >= 0) (times[name] ??= []).push(time);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]));
}

/** Peak memory of a process; null where the system does not tell. */
async function peakBytes(args: string[], env: Record<string, string>): Promise<number | null> {
  const child = command(args, env).spawn();
  let peak = 0;
  let isRunning = true;
  const watching = (async () => {
    while (isRunning) {
      const status = await Deno.readTextFile(`/proc/${child.pid}/status`).catch(() => "");
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  const { success, stderr } = await child.output();
  isRunning = false;
  await watching;
  if (!success) throw new Error(`login: ${new TextDecoder().decode(stderr)}`);
  return peak === 0 ? null : peak;
}

function command(args: string[], env: Record<string, string>): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-config", ...args],
    env: { ...env, DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** One bare derivation. */
async function deriveMs(): Promise<number> {
  const key = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(PASSPHRASE),
    "PBKDF2",
    false,
    ["deriveBits"],
  );
  const times: number[] = [];
  for (let round = 0; round < 7; round++) {
    const start = performance.now();
    await crypto.subtle.deriveBits(
      { name: "PBKDF2", hash: "SHA-256", salt: new Uint8Array(16), iterations: ITERATIONS },
      key,
      256,
    );
    times.push(performance.now() - start);
  }
  return median(times);
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
