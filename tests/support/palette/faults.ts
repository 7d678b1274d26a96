/**
 * What can go wrong between Palette and its client, on purpose. Served from a raw connection where
 * an HTTP server would not misbehave.
 */
export type FaultKind =
  /** An error answer, `headers` with it (`Retry-After`). */
  | { kind: "status"; status: number; headers?: Record<string, string>; body?: unknown }
  /** The connection breaks in the middle of the body. */
  | { kind: "reset" }
  /** The answer begins late. */
  | { kind: "slow"; delayMs: number }
  /** A page of a proxy, with status 200. */
  | { kind: "html" }
  | { kind: "invalid-json" }
  | { kind: "wrong-type" }
  | { kind: "redirect"; status?: number; location: string }
  /** A body of so many bytes that never stands in memory as a whole. */
  | { kind: "huge"; bytes: number }
  /** A whole other answer. */
  | { kind: "answer"; status?: number; body: unknown };

export type Fault = FaultKind & {
  method?: string;
  /** Exact path; any when it is left out. */
  path?: string;
  /** How many requests it hits; one by default. */
  times?: number;
};

/** The answer of a fault; null when the ordinary one follows. */
export async function answerOf(fault: FaultKind): Promise<Response | null> {
  switch (fault.kind) {
    case "status":
      return Response.json(
        fault.body ?? { code: "Injected", message: `injected ${fault.status}`, ref: "ref-1" },
        { status: fault.status, headers: fault.headers ?? {} },
      );
    case "reset":
      return new Response(brokenBody(), { headers: { "content-type": "application/json" } });
    case "slow":
      await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
      return null;
    case "html":
      return new Response("<!doctype html><title>Log in to the proxy</title>", {
        headers: { "content-type": "text/html" },
      });
    case "invalid-json":
      return new Response('{"items": [', { headers: { "content-type": "application/json" } });
    case "wrong-type":
      return new Response('{"items": []}', { headers: { "content-type": "text/plain" } });
    case "redirect":
      return new Response(null, {
        status: fault.status ?? 302,
        headers: { location: fault.location },
      });
    case "huge":
      return new Response(hugeBody(fault.bytes), {
        headers: { "content-type": "application/json" },
      });
    case "answer":
      return Response.json(fault.body, { status: fault.status ?? 200 });
  }
}

/** Begins and then fails, which makes the server close the connection without an end. */
function brokenBody(): ReadableStream<Uint8Array> {
  let chunks = 0;
  return new ReadableStream({
    pull(controller) {
      if (chunks++ === 0) controller.enqueue(new TextEncoder().encode('{"items": ['));
      else controller.error(new Error("injected reset"));
    },
  });
}

function hugeBody(bytes: number): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(1024 * 1024).fill(0x20);
  let left = bytes;
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close();
      controller.enqueue(chunk.subarray(0, Math.min(left, chunk.length)));
      left -= chunk.length;
    },
  });
}
