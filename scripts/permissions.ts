/**
 * What the program may do, wherever it runs: files and addresses are the user's to choose, programs
 * are kubectl and credential helpers. Of the system it asks for the user id, and Node's TLS, which
 * `--insecure` needs, for the trusted CAs. No ffi.
 */
export const PERMISSIONS: readonly string[] = [
  "--allow-env",
  "--allow-net",
  "--allow-read",
  "--allow-run",
  "--allow-sys=ca,uid",
  "--allow-write",
];
