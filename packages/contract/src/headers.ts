/** Names of the headers that only the platform itself may set; every edge strips them from what comes in. */
export const INTERNAL_HEADER = "x-automna-internal";
export const USER_HEADER = "x-automna-user";
export const EGRESS_HEADER = "x-automna-egress";
/** The run that a model call belongs to, and what began it (core/credits/meter-message, RunKind); set by agentd alone. */
export const RUN_HEADER = "x-automna-run";
export const RUN_KIND_HEADER = "x-automna-run-kind";
export const REQUEST_ID_HEADER = "x-request-id";
export const INTERNAL_HEADER_PREFIX = "x-automna-";

/** What a run may be called. */
export const RUN_ID = /^[\w-]{1,128}$/;
