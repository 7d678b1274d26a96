/** Cluster groups that a developer has a quota for; those of a project have limits of their own. */
export const QUOTA_SCOPES = ["system", "tenant"] as const;

export type QuotaScope = typeof QUOTA_SCOPES[number];
