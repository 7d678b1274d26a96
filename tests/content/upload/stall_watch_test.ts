import { assertEquals } from "@std/assert";
import { Stalled, StallWatch } from "../../../lib/content/upload/stall_watch.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("StallWatch aborts when nothing moves in time", async () => {
  const watch = new StallWatch();
  watch.expect(20);
  await pause(10);
  watch.expect(40);
  await pause(20);
  assertEquals(watch.signal.aborted, false);
  await pause(60);
  assertEquals(watch.signal.reason instanceof Stalled, true);
});

Deno.test("StallWatch leaves no timer behind, whatever moves after its end", async () => {
  const watch = new StallWatch();
  watch.expect(20);
  watch.pause();
  await pause(40);
  assertEquals(watch.signal.aborted, false);
  watch.stop();
  // The test runner counts timers.
  watch.expect(10_000);
});
