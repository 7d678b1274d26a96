import { bytesMeasure, type Measure, ratioMeasure } from "./measure.ts";
import { denoProcess, median, mediansOf, peakBytes } from "./processes.ts";
import type { BenchPlace } from "./place.ts";

const ITERATIONS = 1_000_000;

/** What every call of palette costs before it does anything, and what a passphrase costs. */
export async function measureStartUp(
  { palette, empty, passphrase, session }: BenchPlace,
): Promise<Measure[]> {
  const login = denoProcess(
    [palette, "login", "--project", session.project],
    { ...session.env, ...session.login },
  );
  const loginBytes = await peakBytes(login);
  const times = await mediansOf({
    empty: denoProcess([empty]),
    version: denoProcess([palette, "version"], session.env),
    help: denoProcess([palette, "--help"], session.env),
    current: denoProcess([palette, "project", "current"], session.env),
    names: denoProcess([palette, "completions", "complete", "virtual-cluster"], session.env),
    verify: denoProcess([palette, "config", "verify"], session.env),
  });
  const derivation = await deriveMs(passphrase);
  const base = times["empty"] ?? 1;
  const ratio = (name: string, text: string, limit: number) =>
    ratioMeasure(`${text} / empty script`, (times[name] ?? 0) / base, limit);
  return [
    ratio("version", "version", 1.25),
    ratio("help", "--help", 1.5),
    ratio("current", "project current", 1.7),
    ratio("names", "completion of names, cached", 2),
    ratioMeasure(
      "config verify / (1.7 empty + 1.15 derivation)",
      (times["verify"] ?? 0) / (1.7 * base + 1.15 * derivation),
      1,
    ),
    bytesMeasure("login, peak memory", loginBytes, 120),
  ];
}

/** One bare derivation. */
async function deriveMs(passphrase: string): Promise<number> {
  const key = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(passphrase),
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
