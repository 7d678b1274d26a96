/** What machine and user this runs as. */
export interface Platform {
  os: string;
  /** `amd64` or `arm64`, the names that Kubernetes and Palette use. */
  arch: string;
  /** Numeric user id; undefined on Windows. */
  uid: number | undefined;
  /** Version of the Deno that runs us. */
  denoVersion: string;
}

/** This machine. */
export function systemPlatform(): Platform {
  return {
    os: Deno.build.os,
    arch: Deno.build.arch === "aarch64" ? "arm64" : "amd64",
    uid: Deno.uid() ?? undefined,
    denoVersion: Deno.version.deno,
  };
}
