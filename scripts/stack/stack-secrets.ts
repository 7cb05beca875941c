/** Where the content of a secret comes from. */
export type SecretSource =
  /** Made here, and never again. */
  | "made"
  /** From somebody else's console: the operator brings it. */
  | "given"
  /** The same, and an installation may do without: it gets an empty one then. */
  | "optional";

/** Every secret of the stacks, by its name there. A test holds this list against the stack files. */
export const stackSecrets = {
  "postgres-password": "made",
  "database-url-api": "made",
  "database-url-provisioner": "made",
  "database-url-ingress": "made",
  "database-url-egress": "made",
  "database-url-apps": "made",
  "redis-acl": "made",
  "redis-url": "made",
  "model-key-ring": "made",
  "slot-key-ring": "made",
  "ingress-key-ring": "made",
  "apps-key-ring": "made",
  "apps-pass-key": "made",
  "cell-ca": "made",
  "keeper-client-certificate": "made",
  "keeper-client-key": "made",
  "clerk-jwt-key": "given",
  "clerk-secret-key": "given",
  "clerk-webhook-secret": "given",
  "tunnel-token": "given",
  "stripe-key": "optional",
  "stripe-webhook-secret": "optional",
  "smtp-url": "optional",
  "platform-key": "optional",
} as const satisfies Record<string, SecretSource>;
export type StackSecretName = keyof typeof stackSecrets;

export const stackSecretNames = Object.keys(stackSecrets) as StackSecretName[];
/** What a Swarm secret is called. */
export const SECRET_PREFIX = "automna-";
