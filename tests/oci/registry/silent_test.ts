import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import { testRegistry } from "../../support/registry_client.ts";

Deno.test("a host that takes connections and says nothing is given up after two looks", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken: Deno.Conn[] = [];
  void (async () => {
    for await (const connection of listener) taken.push(connection);
  })();
  const host = `127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
  using test = testRegistry(host, { retries: 0 });
  const startMs = performance.now();
  const error = await assertRejects(() => test.client.checkLogin(), UserError);
  assertEquals([error.code, error.message], [
    "network",
    `Cannot log in to ${host}: ${host}: nothing came for 10 s`,
  ]);
  assertEquals(performance.now() - startMs < 40_000, true);
  assertEquals(taken.length, 2);
  for (const connection of taken) connection.close();
});
