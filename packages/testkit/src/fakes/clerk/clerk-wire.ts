/** What the stand-in remembers; times in ms, as in Clerk's API. */
export interface ClerkUserRecord {
  id: string;
  emailId: string;
  email: string;
  firstName: string | null;
  lastName: string | null;
  isBanned: boolean;
  publicMetadata: Readonly<Record<string, unknown>>;
  createdAtMs: number;
  updatedAtMs: number;
}

export interface ClerkSessionRecord {
  id: string;
  userId: string;
  status: "active" | "revoked" | "ended" | "removed" | "expired";
  createdAtMs: number;
  updatedAtMs: number;
  expiresAtMs: number;
}

export type ClerkWire = Readonly<Record<string, unknown>>;

/** A whole user of the vendor's API: everything that its description requires. */
export function userWire(user: ClerkUserRecord): ClerkWire {
  const { id, emailId, email, createdAtMs, updatedAtMs } = user;
  return {
    id,
    object: "user",
    external_id: null,
    username: null,
    first_name: user.firstName,
    last_name: user.lastName,
    image_url: "https://img.clerk.invalid/none",
    has_image: false,
    primary_email_address_id: emailId,
    primary_phone_number_id: null,
    primary_web3_wallet_id: null,
    password_enabled: true,
    two_factor_enabled: false,
    totp_enabled: false,
    backup_code_enabled: false,
    email_addresses: [
      {
        id: emailId,
        object: "email_address",
        email_address: email,
        reserved: false,
        verification: {
          object: "verification_otp",
          status: "verified",
          strategy: "email_code",
          attempts: 1,
          expire_at: null,
        },
        linked_to: [],
        created_at: createdAtMs,
        updated_at: updatedAtMs,
      },
    ],
    phone_numbers: [],
    web3_wallets: [],
    passkeys: [],
    external_accounts: [],
    saml_accounts: [],
    enterprise_accounts: [],
    public_metadata: user.publicMetadata,
    private_metadata: {},
    unsafe_metadata: {},
    last_sign_in_at: null,
    banned: user.isBanned,
    locked: false,
    lockout_expires_in_seconds: null,
    verification_attempts_remaining: 100,
    delete_self_enabled: true,
    create_organization_enabled: false,
    last_active_at: null,
    mfa_enabled_at: null,
    mfa_disabled_at: null,
    legal_accepted_at: null,
    created_at: createdAtMs,
    updated_at: updatedAtMs,
  };
}

export function sessionWire({
  id,
  userId,
  status,
  createdAtMs,
  updatedAtMs,
  expiresAtMs,
}: ClerkSessionRecord): ClerkWire {
  return {
    object: "session",
    id,
    user_id: userId,
    client_id: `client_${id.slice(5)}`,
    actor: null,
    status,
    last_active_organization_id: null,
    last_active_at: updatedAtMs,
    expire_at: expiresAtMs,
    abandon_at: expiresAtMs,
    created_at: createdAtMs,
    updated_at: updatedAtMs,
  };
}

export function deletedWire(object: "user", id: string): ClerkWire {
  return { object, id, deleted: true };
}

/** https://clerk.com/docs/errors/overview */
export class ClerkFailure extends Error {
  readonly status: number;
  readonly body: ClerkWire;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "ClerkFailure";
    this.status = status;
    this.body = { errors: [{ code, message, long_message: message }], clerk_trace_id: "trace_fake" };
  }
}
