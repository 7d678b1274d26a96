/** Paths that need no credentials (D1); the client sends none there. */
export function isOpenPath(path: string): boolean {
  return /^\/v1\/(auth|health)(\/|$)/.test(path) || path === "/v1/system/loginBanner" ||
    path === "/v1/activations/system" || /^\/v1\/tenants\/[^/]+\/loginBanner$/.test(path);
}
