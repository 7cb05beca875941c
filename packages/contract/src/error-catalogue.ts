import { AppError, type ErrorKind } from "@automna/core/shared/app-error";

export interface ErrorFacts {
  kind: ErrorKind;
  /** HTTP status at an edge. */
  status: number;
  /** What a person reads: what happened and what to do. */
  message: string;
}

/** Every error code of the platform, once. docs/errors.md is generated from it; codes are never reused. */
export const errorCatalogue = {
  // requests
  invalid_request: { kind: "user", status: 400, message: "The request is not of the expected form." },
  bad_path: { kind: "user", status: 400, message: "This address is not well formed." },
  not_found: { kind: "user", status: 404, message: "There is nothing at this address." },
  method_not_allowed: { kind: "user", status: 405, message: "This address does not answer to that method." },
  body_too_large: { kind: "user", status: 413, message: "That is too large to send." },
  unsupported_media_type: {
    kind: "user",
    status: 415,
    message: "The body must be JSON (content-type: application/json).",
  },
  too_many_requests: { kind: "user", status: 429, message: "Too many requests. Please wait a moment and try again." },
  // identity
  not_signed_in: { kind: "user", status: 401, message: "Please sign in." },
  session_expired: { kind: "user", status: 401, message: "Your session has ended. Please sign in again." },
  wrong_origin: { kind: "user", status: 403, message: "This request came from another site and was refused." },
  forbidden: { kind: "user", status: 403, message: "This is not yours to use." },
  local_identity_refused: {
    kind: "user",
    status: 403,
    message: "Sign-in on this machine only works from the address that Automna printed.",
  },
  start_link_invalid: {
    kind: "user",
    status: 403,
    message: "This start link has been used or has expired. Run `npm run up` again for a new one.",
  },
  browser_not_admitted: {
    kind: "user",
    status: 403,
    message: "Open the start link that `npm run up` printed first. Run it again for a new one.",
  },
  // api keys
  api_key_invalid: {
    kind: "user",
    status: 401,
    message: "This is not one of our API keys, or a part of it is missing.",
  },
  api_key_ended: {
    kind: "user",
    status: 401,
    message: "This API key was revoked or has expired. Make a new one under Settings.",
  },
  api_key_scope_missing: { kind: "user", status: 403, message: "This API key was not made for that." },
  api_key_not_accepted: {
    kind: "user",
    status: 403,
    message: "This can't be done with an API key. Please sign in in a browser.",
  },
  api_key_not_alone: { kind: "user", status: 400, message: "Send an API key without any cookie." },
  api_access_not_included: {
    kind: "user",
    status: 403,
    message: "Your plan does not include API keys. Choose one that does to use them again.",
  },
  api_key_not_found: { kind: "user", status: 404, message: "You have no such API key." },
  api_keys_at_limit: { kind: "conflict", status: 409, message: "You have 20 API keys. Revoke one first." },
  // operators
  customer_not_found: { kind: "user", status: 404, message: "There is no such customer." },
  operator_self_dealing: {
    kind: "user",
    status: 403,
    message: "Ask another operator: nobody does this to themselves.",
  },
  operator_key_used: {
    kind: "conflict",
    status: 409,
    message: "This key stands for another action. Open the dialog again.",
  },
  payment_not_found: { kind: "user", status: 404, message: "This customer has no such payment." },
  refund_too_large: { kind: "user", status: 422, message: "That is more than is left of this payment." },
  // cells, nodes and waves
  node_not_found: { kind: "user", status: 404, message: "There is no such node." },
  cell_not_found: { kind: "user", status: 404, message: "There is no such cell." },
  wave_not_found: { kind: "user", status: 404, message: "There is no such wave." },
  node_is_lost: {
    kind: "conflict",
    status: 409,
    message: "This node does not answer, so nothing can be moved off it. Decide about each of its agents.",
  },
  node_takes_nothing: {
    kind: "conflict",
    status: 409,
    message: "This node takes no slots now: it is lost, cordoned or being drained.",
  },
  agent_not_movable: {
    kind: "conflict",
    status: 409,
    message: "An agent can be moved while it is ready, dozing or asleep and has a place of its own.",
  },
  agent_node_not_lost: { kind: "conflict", status: 409, message: "This agent's node is there; nothing to decide." },
  backups_unavailable: {
    kind: "conflict",
    status: 409,
    message: "There are no backups to restore from yet. The agent waits for its node, with its data.",
  },
  wave_action_not_possible: {
    kind: "conflict",
    status: 409,
    message: "That is not possible in the wave's present state.",
  },
  wave_without_agents: { kind: "conflict", status: 409, message: "Every agent has this image already." },
  another_wave_active: { kind: "conflict", status: 409, message: "Another wave is under way. End it first." },
  // agents
  agent_not_found: { kind: "user", status: 404, message: "You have no such agent." },
  agent_action_not_possible: {
    kind: "conflict",
    status: 409,
    message: "That is not possible in the agent's present state.",
  },
  agent_starting: { kind: "transient", status: 503, message: "Your agent is starting. One moment." },
  agent_asleep: { kind: "conflict", status: 503, message: "Your agent is stopped. Start it to go on." },
  agent_unavailable: { kind: "transient", status: 503, message: "Agent temporarily unavailable. We're on it." },
  // keys and models
  key_invalid: { kind: "user", status: 422, message: "API key invalid. Please check and try again." },
  key_limited: { kind: "user", status: 422, message: "Your Anthropic API key has expired or hit limits." },
  key_missing: { kind: "user", status: 409, message: "Add your Anthropic API key first, or choose the demo model." },
  key_subscription_refused: {
    kind: "user",
    status: 422,
    message: "Claude subscriptions can't be connected. Please use an API key (sk-ant-api…).",
  },
  provider_unreachable: {
    kind: "transient",
    status: 502,
    message: "The model provider does not answer. Please try again.",
  },
  model_request_refused: { kind: "user", status: 403, message: "This model request is not allowed." },
  // apps
  app_not_found: { kind: "user", status: 404, message: "Your agent has published no such app." },
  app_password_missing: { kind: "user", status: 422, message: "Choose a password first." },
  app_password_wrong: { kind: "user", status: 403, message: "That is not the password." },
  apps_unavailable: { kind: "conflict", status: 409, message: "This installation publishes no apps." },
  handle_taken: { kind: "conflict", status: 409, message: "This name is taken. Please choose another." },
  handles_used_up: { kind: "conflict", status: 409, message: "You have had too many names. Take one of yours again." },
  // webhooks
  webhook_refused: {
    kind: "user",
    status: 400,
    message: "This delivery is not signed for this address, or is too old.",
  },
  // billing
  billing_unavailable: { kind: "conflict", status: 409, message: "This installation sells nothing." },
  billing_not_started: { kind: "conflict", status: 409, message: "You have not bought a plan yet." },
  plan_not_for_sale: { kind: "user", status: 422, message: "This plan can't be bought." },
  plan_active: {
    kind: "conflict",
    status: 409,
    message: "You have a plan already. Change it instead of buying another.",
  },
  plan_needed: { kind: "user", status: 402, message: "Choose a plan first: your agent runs on it." },
  plan_ended: {
    kind: "user",
    status: 402,
    message: "Your plan has ended. Your agent sleeps with all its data; choose a plan and it comes back.",
  },
  payment_failed: {
    kind: "user",
    status: 402,
    message: "Payment failed. Update your card to keep your agent running.",
  },
  checkout_not_found: { kind: "user", status: 404, message: "You have no such purchase." },
  // accounts
  account_ending: {
    kind: "conflict",
    status: 409,
    message: "Your account is being deleted. Take that back under Settings first.",
  },
  account_deletion_final: {
    kind: "conflict",
    status: 409,
    message: "This can't be taken back any more.",
  },
  plan_unchanged: { kind: "conflict", status: 409, message: "You have this plan already." },
  plan_change_pending: {
    kind: "conflict",
    status: 409,
    message: "A change of your plan is arranged already. Keep your present plan first, then choose another.",
  },
  preview_expired: {
    kind: "conflict",
    status: 409,
    message: "This price was worked out some time ago. Look at the change again.",
  },
  card_declined: {
    kind: "user",
    status: 402,
    message: "Your card was declined, so your plan stays as it is. Update your card and try again.",
  },
  // waitlist and referrals
  link_invalid: {
    kind: "user",
    status: 403,
    message: "This link is not whole or has expired. Enter your address on the start page for a new one.",
  },
  invite_invalid: { kind: "user", status: 422, message: "This invitation is used, has expired or does not exist." },
  // credits
  credits_exhausted: {
    kind: "user",
    status: 402,
    message: "You are out of credits. Buy a pack, or allow overage under Usage.",
  },
  credits_not_included: {
    kind: "conflict",
    status: 409,
    message: "Your plan has no AI on credits. Add your Anthropic API key, or change your plan.",
  },
  agent_too_busy: {
    kind: "transient",
    status: 429,
    message: "Your agent asks its model too often. It goes on in a moment.",
  },
  overage_not_possible: {
    kind: "conflict",
    status: 409,
    message: "Your plan has no card to bill overage to.",
  },
  credit_conflict: {
    kind: "conflict",
    status: 409,
    message: "This does not fit what is in the ledger already.",
  },
  // inside
  internal_header_invalid: { kind: "user", status: 401, message: "The internal header is missing or wrong." },
  slot_claimed: { kind: "conflict", status: 409, message: "This slot belongs to another agent." },
  backend_unproven: { kind: "transient", status: 502, message: "The agent's address did not prove who it is." },
  no_room: { kind: "transient", status: 503, message: "No room for another agent on this machine." },
  slot_running: { kind: "conflict", status: 409, message: "The slot runs." },
  slot_not_running: { kind: "conflict", status: 409, message: "The slot does not run on this node." },
  slot_data_missing: { kind: "conflict", status: 409, message: "The slot's volume is not there, or is not its own." },
  stop_overdue: { kind: "transient", status: 503, message: "The slot still runs although it was killed." },
  fencing_outdated: { kind: "conflict", status: 409, message: "A newer worker has this slot by now." },
  volume_exists: { kind: "conflict", status: 409, message: "The slot has another volume on this node already." },
  volume_damaged: {
    kind: "conflict",
    status: 409,
    message: "The volume's file system is damaged. Restore a snapshot or a backup.",
  },
  volume_too_large: { kind: "conflict", status: 409, message: "A volume can be made larger, never smaller." },
  snapshot_missing: { kind: "user", status: 404, message: "The slot has no such snapshot on this node." },
  copy_damaged: {
    kind: "transient",
    status: 502,
    message: "A copy of a volume did not arrive as it was sent. Nothing of it was kept; it is tried again.",
  },
  node_disk_full: {
    kind: "transient",
    status: 507,
    message: "The node's disk is too full. Make room on it, or add a node.",
  },
  node_unreachable: {
    kind: "transient",
    status: 503,
    message: "The node's nodekeeper does not answer. Look whether the node is up and its certificate valid.",
  },
  nodekeeper_outdated: {
    kind: "bug",
    status: 502,
    message: "The node's nodekeeper speaks another version. Deploy the same release to every node.",
  },
  engine_unavailable: {
    kind: "transient",
    status: 503,
    message: "The node's Docker engine does not answer.",
  },
  lease_lost: { kind: "transient", status: 503, message: "Another worker took over." },
  illegal_phase_move: { kind: "bug", status: 500, message: "The agent can't move between these states." },
  envelope_unreadable: { kind: "bug", status: 500, message: "A sealed value could not be opened." },
  service_unavailable: {
    kind: "transient",
    status: 503,
    message: "A part of Automna is restarting. Please try again in a moment.",
  },
  internal_error: {
    kind: "bug",
    status: 500,
    message: "Automna made a mistake. It has been logged; please try again.",
  },
} as const satisfies Record<string, ErrorFacts>;

export type ErrorCode = keyof typeof errorCatalogue;

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalogue, code);
}

/** Makes an AppError from the catalogue; `details` are shown to the caller, `cause` is only logged. */
export function appError(
  code: ErrorCode,
  options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
): AppError {
  const { kind, message } = errorCatalogue[code];
  return new AppError(code, kind, message, options);
}
