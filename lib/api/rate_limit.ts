import type { Clock } from "../runtime/clock.ts";

/** Palette counts requests of a source by the first segment of the path below `/v1`. */
const DEFAULT_RATE: Rate = { perSecond: 10, burst: 50 };
const GENEROUS: Rate = { perSecond: 50, burst: 250 };
const GENEROUS_SEGMENTS = new Set(["cloudconfigs", "clusterprofiles", "spectroclusters"]);

interface Rate {
  perSecond: number;
  burst: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Keeps a run below Palette's limits: a token bucket for each group of paths. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits until a request to `path` may go out. */
  async take(path: string, signal: AbortSignal): Promise<void> {
    const group = groupOf(path);
    const rate = rateOf(group);
    const now = this.#clock.monotonicMs();
    const bucket = this.#buckets.get(group) ?? { tokens: rate.burst, atMs: now };
    this.#buckets.set(group, bucket);
    const gained = (now - bucket.atMs) / 1000 * rate.perSecond;
    bucket.tokens = Math.min(rate.burst, bucket.tokens + gained) - 1;
    bucket.atMs = now;
    // Each caller takes its token at once and waits for it, so the order of callers is kept.
    if (bucket.tokens < 0) {
      await this.#clock.sleep(-bucket.tokens / rate.perSecond * 1000, signal);
    }
  }
}

/** Assets and downloads of clusters have a limit of their own. */
function groupOf(path: string): string {
  const segments = path.replace(/^\/v1\//, "").split("/");
  const [first = ""] = segments;
  if (first !== "spectroclusters" && first !== "events") return first;
  if (first === "events") return segments[1] === "components" ? "events/components" : first;
  return segments[2] === "assets" || segments.at(-1) === "download" ? `${first}/assets` : first;
}

function rateOf(group: string): Rate {
  return GENEROUS_SEGMENTS.has(group) || group === "events/components" ? GENEROUS : DEFAULT_RATE;
}
