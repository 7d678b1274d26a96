/** Kinds of things as messages write them. */
export const APP = "App";
export const APP_PROFILE = "App Profile";
export const CLUSTER_GROUP = "Cluster Group";
export const REGISTRY = "Registry";
export const VIRTUAL_CLUSTER = "Virtual Cluster";
