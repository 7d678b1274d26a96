import { UserError } from "../../errors.ts";
import { TransportError } from "../../runtime/transport_error.ts";
import type { EdgeAnswer } from "./edge_host.ts";
import { Stalled } from "./stall_watch.ts";

const TOKEN_FILE = "/opt/spectrocloud/.upload-auth-token";

/** The host does not know the token. */
export function authRefused(place: string): UserError {
  return new UserError(
    "auth-invalid",
    `${place} refused the upload token, which is another host's or no longer valid`,
    {
      hint:
        `Read ${TOKEN_FILE} on the host again (it changes whenever the host's agent restarts), ` +
        "then run the command again: it goes on where it stopped",
    },
  );
}

/** A failure to get an answer, in words of the user's; others pass. */
export function hostUnreachable(place: string, error: unknown): unknown {
  if (error instanceof Stalled) {
    return new UserError("timeout", `${place} does not take any more: ${error.message}`, {
      hint: "The disk of the host may be full (look at /opt/spectrocloud there); then run the " +
        "command again: it goes on where it stopped",
      cause: error,
    });
  }
  if (!(error instanceof TransportError)) return error;
  if (error.kind === "tls") {
    return new UserError("tls", `Certificate of ${place} not trusted: ${error.message}`, {
      hint: "Pass --ca FILE with the CA's certificate, or leave --ca out to skip the check; " +
        "--no-tls for a host that speaks plain HTTP",
      cause: error,
    });
  }
  return new UserError("network", `Cannot reach ${place}: ${error.message}`, {
    hint: "Check the address and the route: hosts take uploads on port 5082 (5080 is the Local UI)",
    cause: error,
  });
}

/** An answer that says no. */
export function hostRefused(place: string, { status, problem }: EdgeAnswer): UserError {
  const said = problem.message ?? problem.code ?? `status ${status}`;
  if (status === 507) {
    return new UserError("api", `${place} has no space left for the upload: ${said}`, {
      hint: "Free some below /opt/spectrocloud on the host, then run the command again: it goes " +
        "on where it stopped",
    });
  }
  if (status === 403) return new UserError("forbidden", `${place} refused it: ${said}`);
  if (status === 409) {
    return new UserError("conflict", `${place} refused it: ${said}`, {
      hint: "Wait for the other upload to end, or discard it with --resume=false",
    });
  }
  return new UserError("api", `${place} refused it: ${said}`, {
    hint: "Look at the events in the host's Local UI",
  });
}

/** The host answered, but not as an Edge host would. */
export function notEdgeHost(place: string, reason: string): UserError {
  return new UserError("api", `${place} did not answer like an Edge host: ${reason}`, {
    hint: "Check the address and --port",
  });
}
