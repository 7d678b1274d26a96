import { assertEquals, assertInstanceOf } from "@std/assert";
import { IdleLimit } from "../../../lib/oci/registry/idle_limit.ts";
import { TransportError } from "../../../lib/runtime/transport_error.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("a limit ends what stands still, as a broken connection would", async () => {
  const idle = new IdleLimit(50);
  await new Promise((resolve) => idle.signal.addEventListener("abort", resolve));
  assertInstanceOf(idle.signal.reason, TransportError);
  assertEquals(idle.signal.reason.kind, "reset");
});

Deno.test("a limit waits as long as something moves, and may change", async () => {
  const idle = new IdleLimit(400);
  for (let count = 0; count < 4; count++) {
    await pause(150);
    idle.touch();
  }
  assertEquals(idle.signal.aborted, false);
  idle.touch(20);
  await pause(200);
  assertEquals(idle.signal.aborted, true);
});

Deno.test("a limit that has stopped ends nothing", async () => {
  const idle = new IdleLimit(20);
  idle.stop();
  await pause(80);
  assertEquals(idle.signal.aborted, false);
});
