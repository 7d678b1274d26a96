import { assertEquals, assertRejects } from "@std/assert";
import { inFlight } from "../../lib/runtime/in_flight.ts";

/** Lets everything go on that can. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("inFlight() does at most so many at once, and gives results in the order of the items", async () => {
  let under = 0;
  let most = 0;
  const results = await inFlight([5, 1, 4, 2, 3], 2, async (turns) => {
    most = Math.max(most, ++under);
    for (let at = 0; at < turns; at++) await turn();
    under--;
    return turns * 10;
  });
  assertEquals([results, most], [[50, 10, 40, 20, 30], 2]);
  assertEquals(await inFlight([], 3, () => Promise.resolve(1)), []);
});

Deno.test("inFlight() begins nothing after a failure, and waits for what is under way", async () => {
  const log: string[] = [];
  const slow = Promise.withResolvers<void>();
  const items = ["slow", "bad", "worse", "never"];
  const running = inFlight(items, 3, async (item) => {
    log.push(`begin ${item}`);
    if (item === "slow") await slow.promise;
    else {
      await turn();
      if (item === "worse") await turn();
      throw new Error(item);
    }
    log.push(`end ${item}`);
  });
  let isOver = false;
  running.catch(() => isOver = true);
  for (let at = 0; at < 5; at++) await turn();
  assertEquals([isOver, log], [false, ["begin slow", "begin bad", "begin worse"]]);
  slow.resolve();
  const error = await assertRejects(() => running, Error);
  assertEquals([error.message, log.at(-1)], ["bad", "end slow"]);
});

Deno.test("inFlight() takes a failure of undefined for one", async () => {
  let isThrown = false;
  await inFlight([1], 1, () => Promise.reject(undefined)).catch(() => isThrown = true);
  assertEquals(isThrown, true);
});
