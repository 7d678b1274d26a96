import type { Registry } from "./registry.ts";

/** The registries of a run, each opened once: limits and tokens are kept by host. */
export interface Registries {
  /** @param isPlainHttp Its address began with `http://`. */
  open(host: string, isPlainHttp?: boolean): Registry;
  close(): void;
}
