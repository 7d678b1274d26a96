/**
 * What the program may do, wherever it runs: files and addresses are the user's to choose, programs
 * are kubectl and credential helpers, of the system it asks for the user id alone. No ffi.
 */
export const PERMISSIONS: readonly string[] = [
  "--allow-env",
  "--allow-net",
  "--allow-read",
  "--allow-run",
  "--allow-sys=uid",
  "--allow-write",
];
