import { databaseRoles, type DatabaseRole } from "@automna/prisma/grants";
import { loadConfig, secretMark, type Environment } from "@automna/service-kit/load-config";
import { z } from "zod";

const roleUrl = (role: DatabaseRole) =>
  z.url().describe(`connection string of the role ${role}, which gets the password that is in it`).meta(secretMark);

export const migrateVariables = z.object({
  MIGRATE_DATABASE_URL: z.url().describe("Postgres, as the owner of the tables, without a password"),
  MIGRATE_DATABASE_PASSWORD: z.string().min(1).describe("the owner's password").meta(secretMark),
  MIGRATE_API_DATABASE_URL: roleUrl("automna_api"),
  MIGRATE_PROVISIONER_DATABASE_URL: roleUrl("automna_provisioner"),
  MIGRATE_INGRESS_DATABASE_URL: roleUrl("automna_ingress"),
  MIGRATE_EGRESS_DATABASE_URL: roleUrl("automna_egress"),
  MIGRATE_APPS_DATABASE_URL: roleUrl("automna_apps"),
});

export interface MigrateConfig {
  /** With the password in it. */
  ownerUrl: string;
  passwords: Record<DatabaseRole, string>;
}

/** Throws one error that says what is missing, also when a connection string is another role's. */
export function loadMigrateConfig(env: Environment): MigrateConfig {
  const values = loadConfig(migrateVariables, env);
  const owner = new URL(values.MIGRATE_DATABASE_URL);
  owner.password = encodeURIComponent(values.MIGRATE_DATABASE_PASSWORD);
  const urls: Record<DatabaseRole, string> = {
    automna_api: values.MIGRATE_API_DATABASE_URL,
    automna_provisioner: values.MIGRATE_PROVISIONER_DATABASE_URL,
    automna_ingress: values.MIGRATE_INGRESS_DATABASE_URL,
    automna_egress: values.MIGRATE_EGRESS_DATABASE_URL,
    automna_apps: values.MIGRATE_APPS_DATABASE_URL,
  };
  const passwords = databaseRoles.map((role) => [role, passwordOf(role, urls[role])] as const);
  return { ownerUrl: owner.href, passwords: Object.fromEntries(passwords) as Record<DatabaseRole, string> };
}

function passwordOf(role: DatabaseRole, url: string): string {
  const { username, password } = new URL(url);
  if (username === role && password !== "") return decodeURIComponent(password);
  throw new Error(
    `configuration is not usable:\n  the connection string of ${role} is not its own, or has no password`,
  );
}
