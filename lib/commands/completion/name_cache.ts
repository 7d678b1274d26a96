import type { FileStore } from "../../config/file_store.ts";
import type { Clock } from "../../runtime/clock.ts";

/** What names depend on; nothing of it is secret. */
export interface NameKey {
  /** Origin of the console. */
  endpoint: string;
  /** Uid or name of what the user looks into: a project, else a tenant. */
  scope: string;
  kind: string;
}

interface Entry extends NameKey {
  /** RFC 3339 */
  at: string;
  names: string[];
}

/** So long the names of an answer are good enough for the next key press. */
const FRESH_MS = 30_000;

/** Names of the last answers, in a private file; whatever is wrong with it, it is as good as empty. */
export class NameCache {
  readonly #path: string;
  readonly #store: FileStore;
  readonly #clock: Clock;

  constructor(path: string, parts: { store: FileStore; clock: Clock }) {
    this.#path = path;
    this.#store = parts.store;
    this.#clock = parts.clock;
  }

  /** Null when there is nothing fresh. */
  async read(key: NameKey): Promise<string[] | null> {
    const fresh = await this.#freshEntries();
    return fresh.find((entry) => isSame(entry, key))?.names ?? null;
  }

  /** Writes the names; those of others stay while they are fresh. */
  async write(key: NameKey, names: string[]): Promise<void> {
    const others = (await this.#freshEntries()).filter((entry) => !isSame(entry, key));
    const entries = [...others, { ...key, at: this.#clock.now().toISOString(), names }];
    await this.#store.writeWhole(this.#path, `${JSON.stringify({ entries })}\n`);
  }

  async #freshEntries(): Promise<Entry[]> {
    const nowMs = this.#clock.now().getTime();
    return (await this.#entries()).filter(({ at }) => {
      const ageMs = nowMs - Date.parse(at);
      return ageMs >= 0 && ageMs < FRESH_MS;
    });
  }

  async #entries(): Promise<Entry[]> {
    try {
      const stored = await this.#store.read(this.#path);
      const { entries } = JSON.parse(stored?.text ?? "{}") as { entries?: unknown };
      return Array.isArray(entries) ? entries.filter(isEntry) : [];
    } catch {
      return [];
    }
  }
}

function isSame(entry: NameKey, { endpoint, scope, kind }: NameKey): boolean {
  return entry.endpoint === endpoint && entry.scope === scope && entry.kind === kind;
}

function isEntry(value: unknown): value is Entry {
  const { endpoint, scope, kind, at, names } = (value ?? {}) as Record<string, unknown>;
  return [endpoint, scope, kind, at].every((text) => typeof text === "string") &&
    Array.isArray(names) && names.every((name) => typeof name === "string");
}
