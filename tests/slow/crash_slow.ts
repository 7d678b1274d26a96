import { crashOnce } from "../support/crash.ts";

for (let run = 1; run <= 200; run++) {
  Deno.test(`a writer killed at a random moment leaves a whole file (${run} of 200)`, crashOnce);
}
