/** The services' database roles; Postgres itself keeps a service from what it has no business with (design D7). */
export const databaseRoles = [
  "automna_api",
  "automna_provisioner",
  "automna_ingress",
  "automna_egress",
  "automna_apps",
] as const;
export type DatabaseRole = (typeof databaseRoles)[number];

export interface TableGrant {
  table: string;
  privileges: readonly ("SELECT" | "INSERT" | "UPDATE" | "DELETE")[];
  /** Only these columns; without it the whole table. */
  columns?: readonly string[];
}

export interface RoleGrants {
  tables: readonly TableGrant[];
  /** May the role use the queue's schema? */
  usesQueue: boolean;
}

const all = ["SELECT", "INSERT", "UPDATE", "DELETE"] as const;
const readWrite = ["SELECT", "INSERT", "UPDATE"] as const;
const append = ["SELECT", "INSERT"] as const;
const read = ["SELECT"] as const;

// Entries are appended and never changed, by anybody (a trigger says the same to the owner of the tables).
const creditsOfOwner: readonly TableGrant[] = [
  { table: "credit_accounts", privileges: readWrite },
  { table: "credit_entries", privileges: append },
  { table: "credit_holds", privileges: readWrite },
  { table: "credit_grants", privileges: readWrite },
  { table: "credit_overage_blocks", privileges: readWrite },
];

// Who only spends can't touch `issued`, and with the books checked on each write can't make credits.
const creditsOfSpender: readonly TableGrant[] = [
  { table: "credit_accounts", privileges: read },
  { table: "credit_accounts", privileges: ["INSERT"], columns: ["user_id"] },
  {
    table: "credit_accounts",
    privileges: ["UPDATE"],
    columns: ["available", "held", "spent", "entry_count", "overage_blocks"],
  },
  { table: "credit_entries", privileges: append },
  { table: "credit_holds", privileges: readWrite },
  { table: "credit_overage_blocks", privileges: append },
];

/** Everything of a slot but its keys. */
const slotPlaces = [
  "id",
  "node_id",
  "host",
  "port",
  "memory_mb",
  "working_set_mb",
  "volume_mb",
  "image",
  "key_generation",
  "started_generation",
  "created_at",
  "released_at",
  "filled_from",
  "kept_for_id",
  "kept_until",
  "trial_stage",
  "trial_snapshot",
  "trial_from_image",
  "trial_since",
  "warm_state",
  "warm_tier",
  "warm_since",
] as const;

// Who forwards says when an agent was needed, and may ask for it to wake; it can't put one to sleep.
const activityOfProxy: readonly TableGrant[] = [{ table: "agent_activity", privileges: readWrite }];

export const grants: Record<DatabaseRole, RoleGrants> = {
  automna_api: {
    usesQueue: true,
    tables: [
      { table: "users", privileges: readWrite },
      { table: "sessions", privileges: all },
      { table: "used_nonces", privileges: all },
      { table: "model_keys", privileges: all },
      { table: "agents", privileges: readWrite },
      { table: "agent_events", privileges: append },
      { table: "audit_events", privileges: append },
      ...creditsOfOwner,
      { table: "inbox_events", privileges: readWrite },
      { table: "inbox_refusals", privileges: readWrite },
      { table: "billing_customers", privileges: readWrite },
      { table: "subscriptions", privileges: readWrite },
      { table: "entitlements", privileges: readWrite },
      { table: "api_keys", privileges: readWrite },
      // What operators did is appended and never changed, by anybody (triggers say the same to the owner of the tables).
      { table: "operator_actions", privileges: append },
      { table: "operator_outcomes", privileges: append },
      { table: "comped_tiers", privileges: readWrite },
      { table: "suspensions", privileges: all },
      { table: "support_accesses", privileges: readWrite },
      { table: "account_deletions", privileges: all },
      { table: "outbox_events", privileges: readWrite },
      { table: "paid_invoices", privileges: readWrite },
      { table: "credit_warnings", privileges: readWrite },
      { table: "mails", privileges: all },
      { table: "referral_codes", privileges: append },
      { table: "referrals", privileges: readWrite },
      { table: "waitlist_entries", privileges: all },
      { table: "feedback", privileges: all },
      { table: "handles", privileges: readWrite },
      { table: "apps", privileges: all },
      { table: "app_tickets", privileges: all },
      { table: "model_usage", privileges: read },
      // A dry run is asked for here and answered by the provisioner.
      { table: "sweep_reports", privileges: append },
      // Waves and drains are wished here and carried out by the provisioner.
      { table: "upgrade_waves", privileges: readWrite },
      { table: "upgrade_members", privileges: append },
      { table: "upgrade_deferrals", privileges: all },
      { table: "node_drains", privileges: readWrite },
      { table: "cell_actions", privileges: append },
      // Operators see where slots are and decide about nodes; what a slot's keys are is none of api's business.
      { table: "slots", privileges: read, columns: slotPlaces },
      { table: "cells", privileges: read },
      { table: "cells", privileges: ["UPDATE"], columns: ["warm_paused_at"] },
      { table: "node_gates", privileges: read },
      { table: "nodes", privileges: read },
      { table: "nodes", privileges: ["UPDATE"], columns: ["cordoned_at", "cordon_reason", "draining_since"] },
      { table: "node_failures", privileges: read },
    ],
  },
  automna_provisioner: {
    usesQueue: true,
    tables: [
      { table: "agents", privileges: ["SELECT", "UPDATE"] },
      { table: "agent_events", privileges: append },
      { table: "agent_activity", privileges: read },
      { table: "slots", privileges: readWrite },
      { table: "leases", privileges: readWrite },
      { table: "audit_events", privileges: append },
      { table: "cells", privileges: readWrite },
      { table: "nodes", privileges: readWrite },
      { table: "node_failures", privileges: all },
      { table: "node_gates", privileges: all },
      // It says that an agent is live; whom to write to is none of its business.
      { table: "mails", privileges: ["INSERT"] },
      { table: "sweep_reports", privileges: all },
      { table: "upgrade_waves", privileges: ["SELECT", "UPDATE"] },
      { table: "upgrade_members", privileges: ["SELECT", "UPDATE"] },
      { table: "upgrade_deferrals", privileges: read },
      { table: "node_drains", privileges: ["SELECT", "UPDATE"] },
    ],
  },
  // Ingress never sees a key of a customer, nor a slot's root key.
  automna_ingress: {
    usesQueue: false,
    tables: [
      { table: "users", privileges: read, columns: ["id", "state"] },
      { table: "sessions", privileges: read, columns: ["id", "user_id", "ended_at"] },
      { table: "agents", privileges: read },
      { table: "slots", privileges: read, columns: ["id", "key_generation", "ingress_key_envelope", "released_at"] },
      { table: "api_keys", privileges: read },
      { table: "api_keys", privileges: ["UPDATE"], columns: ["last_used_at"] },
      { table: "entitlements", privileges: read, columns: ["user_id", "tier"] },
      ...activityOfProxy,
    ],
  },
  // Egress never sees a session, nor what opens an agent.
  automna_egress: {
    usesQueue: false,
    tables: [
      { table: "users", privileges: read, columns: ["id", "state"] },
      { table: "agents", privileges: read, columns: ["id", "user_id", "slot_id", "model_source", "phase", "tier"] },
      { table: "slots", privileges: read, columns: ["id", "key_generation", "egress_key_hash", "released_at"] },
      { table: "model_keys", privileges: read },
      { table: "model_usage", privileges: ["INSERT"] },
      ...creditsOfSpender,
    ],
  },
  // The apps listener faces strangers: it can't read what opens an agent's gateway, nor who its owner is.
  automna_apps: {
    usesQueue: false,
    tables: [
      { table: "users", privileges: read, columns: ["id", "state"] },
      { table: "sessions", privileges: read, columns: ["id", "user_id", "ended_at", "expires_at"] },
      {
        table: "agents",
        privileges: read,
        columns: ["id", "user_id", "slot_id", "desired", "phase", "backend_type", "host", "port", "created_at"],
      },
      { table: "slots", privileges: read, columns: ["id", "key_generation", "apps_key_envelope", "released_at"] },
      { table: "handles", privileges: read, columns: ["handle", "user_id", "released_at"] },
      { table: "apps", privileges: read },
      { table: "app_tickets", privileges: ["SELECT", "DELETE"] },
      ...activityOfProxy,
    ],
  },
};
