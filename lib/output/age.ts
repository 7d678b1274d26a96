const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long ago a time (RFC 3339) was, in its largest unit (`5d`, `3h`); empty for none. */
export function formatAge(time: string, now: Date): string {
  const ms = now.getTime() - Date.parse(time);
  return Number.isNaN(ms) ? "" : formatDuration(Math.max(0, ms));
}

/** A time in its largest unit, rounded down: `15m` stands for all below 16 minutes. */
export function formatDuration(ms: number): string {
  if (ms >= DAY_MS) return `${Math.floor(ms / DAY_MS)}d`;
  if (ms >= HOUR_MS) return `${Math.floor(ms / HOUR_MS)}h`;
  if (ms >= MINUTE_MS) return `${Math.floor(ms / MINUTE_MS)}m`;
  return `${Math.floor(ms / SECOND_MS)}s`;
}

/** How long something took: `2m 5s`, `1h 2m`, `850ms`. */
export function formatElapsed(ms: number): string {
  if (ms >= HOUR_MS) {
    return `${Math.floor(ms / HOUR_MS)}h ${Math.floor(ms % HOUR_MS / MINUTE_MS)}m`;
  }
  if (ms >= MINUTE_MS) {
    return `${Math.floor(ms / MINUTE_MS)}m ${Math.floor(ms % MINUTE_MS / SECOND_MS)}s`;
  }
  return ms >= SECOND_MS ? `${(ms / SECOND_MS).toFixed(1)}s` : `${Math.round(ms)}ms`;
}
