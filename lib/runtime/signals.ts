/** Signals that ask the run to stop. */
export type StopSignal = "SIGINT" | "SIGTERM";

export interface Signals {
  /**
   * Calls back on the first signal. A second one ends the process at once, so that a hanging
   * clean-up cannot hold the user.
   * @returns A function that stops listening.
   */
  listen(onStop: (signal: StopSignal) => void): () => void;
}

/** Exit status by convention: 128 plus the signal's number. */
export const SIGNAL_STATUS: Record<StopSignal, number> = { SIGINT: 130, SIGTERM: 143 };

/** The signals of this process. */
export function systemSignals(): Signals {
  return {
    listen(onStop) {
      let stopping = false;
      const listeners = (["SIGINT", "SIGTERM"] as const)
        .filter((signal) => signal === "SIGINT" || Deno.build.os !== "windows")
        .map((signal) => ({
          signal,
          handler: () => {
            if (stopping) Deno.exit(SIGNAL_STATUS[signal]);
            stopping = true;
            onStop(signal);
          },
        }));
      for (const { signal, handler } of listeners) Deno.addSignalListener(signal, handler);
      return () => {
        for (const { signal, handler } of listeners) Deno.removeSignalListener(signal, handler);
      };
    },
  };
}
