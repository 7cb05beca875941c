/** Names of the headers that only the platform itself may set; every edge strips them from what comes in. */
export const INTERNAL_HEADER = "x-automna-internal";
export const USER_HEADER = "x-automna-user";
export const EGRESS_HEADER = "x-automna-egress";
export const REQUEST_ID_HEADER = "x-request-id";
export const INTERNAL_HEADER_PREFIX = "x-automna-";
